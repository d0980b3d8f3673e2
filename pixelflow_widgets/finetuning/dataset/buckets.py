"""Sizes in which pictures of many shapes are trained together, and how a picture is brought into one.

A model learns from pictures of about one number of pixels. Each goes into the size whose shape is nearest to its own,
so that little is cut off; a batch holds pictures of one size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import PIL.Image

from ...media.canvas import nearest

Size = tuple[int, int]
WIDEST = 2.0
"""The longer side of a bucket is at most so many times the shorter one."""


def buckets(resolution: int, multiple: int) -> list[Size]:
    """Return the sizes (width, height) of about resolution² pixels whose sides are multiples, the narrowest first."""
    middle = nearest(resolution, multiple)
    narrow = [(side, nearest(round(resolution**2 / side), multiple)) for side in range(multiple, middle, multiple)]
    narrow = [(width, height) for width, height in narrow if width < height <= WIDEST * width]
    return [*narrow, (middle, middle), *((height, width) for width, height in reversed(narrow))]


def bucket_of(size: Size, sizes: list[Size]) -> Size:
    """Return that of some sizes whose shape is nearest to a picture's; the larger one of two that are as near."""
    shape = math.log(size[0] / size[1])
    return min(sizes, key=lambda each: (round(abs(math.log(each[0] / each[1]) - shape), 9), -each[0] * each[1]))


@dataclass(frozen=True)
class Cut:
    """Says how a picture comes into a bucket: it is enlarged or shrunk until it covers it, and its middle is taken.

    Args:
        bucket: (width, height).
        resized: (width, height) of the whole picture before it is cut.
        top: Rows that are cut off above, after resizing.
        left: Columns that are cut off at the left, after resizing.
    """

    bucket: Size
    resized: Size
    top: int
    left: int

    @property
    def crop(self) -> tuple[int, int]:
        """Return (top, left), as SDXL is told (arXiv 2307.01952, section 2.2)."""
        return self.top, self.left

    def of(self, image: PIL.Image.Image) -> PIL.Image.Image:
        """Return a picture in the size of the bucket."""
        across, down = image.width / self.resized[0], image.height / self.resized[1]
        right, bottom = self.left + self.bucket[0], self.top + self.bucket[1]
        box = (self.left * across, self.top * down, min(right * across, image.width), min(bottom * down, image.height))
        # Only what stays is resized: the whole of a long strip would take any amount of memory.
        return image.resize(self.bucket, PIL.Image.Resampling.LANCZOS, box)


def cut_into(size: Size, bucket: Size) -> Cut:
    """Return how a picture of a size comes into a bucket."""
    scale = max(bucket[0] / size[0], bucket[1] / size[1])
    wide, high = (max(bucket[axis], round(size[axis] * scale)) for axis in (0, 1))
    return Cut(bucket, (wide, high), (high - bucket[1]) // 2, (wide - bucket[0]) // 2)
