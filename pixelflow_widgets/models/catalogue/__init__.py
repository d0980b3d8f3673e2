"""The models that users can name: plain data, one file a modality.

A commit is pinned where public files name it beside the repository (as the folder of a snapshot, or as a revision) and
agree on it; where they do not, `revision` is left out, and the newest commit is fetched. Of some of those (`dpt`,
`mobilevit`, `csm`, `swin2sr-x4`) nobody could look whether safetensors lie beside the pickles: `models get` says so
before it fetches anything.
"""

from .audio import CARDS as _AUDIO
from .image import CARDS as _IMAGE
from .text import CARDS as _TEXT
from .video import CARDS as _VIDEO
from .vision import CARDS as _VISION

CARDS = (*_IMAGE, *_VISION, *_VIDEO, *_AUDIO, *_TEXT)
