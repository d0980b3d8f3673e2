"""Pictures with captions: read from anywhere, checked, edited, brought into sizes that a model trains in.

The source is only read. Pictures are decoded one at a time: once to be looked at, once to be trained on.
"""

from .buckets import buckets
from .dataset import Dataset, Example
from .picture import Picture
from .problems import DatasetProblem

__all__ = ["Dataset", "DatasetProblem", "Example", "Picture", "buckets"]
