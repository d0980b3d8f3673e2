from __future__ import annotations

import numpy as np
import PIL.Image
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pixelflow_widgets.media.masks import softened, widened

MASKS = arrays.arrays(
    np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.sampled_from([0, 255])
)


def reached(white: np.ndarray, pixels: int) -> np.ndarray:
    """What lies in a square around white, found one by one."""
    made = np.zeros_like(white)
    for y, x in zip(*np.nonzero(white), strict=True):
        made[max(y - pixels, 0) : y + pixels + 1, max(x - pixels, 0) : x + pixels + 1] = True
    return made


@given(MASKS, st.integers(1, 15))
def test_white_grows_by_a_square_to_each_side(mask: np.ndarray, pixels: int) -> None:
    grown = np.asarray(widened(PIL.Image.fromarray(mask), pixels))
    assert ((grown == 255) == reached(mask > 0, pixels)).all()
    assert set(np.unique(grown)) <= {0, 255}


@given(MASKS, st.integers(1, 15))
def test_white_shrinks_where_black_grows(mask: np.ndarray, pixels: int) -> None:
    narrow = np.asarray(widened(PIL.Image.fromarray(mask), -pixels))
    assert ((narrow == 0) == reached(mask == 0, pixels)).all()


def test_nothing_to_do_leaves_grey_as_it_is() -> None:
    grey = PIL.Image.linear_gradient("L")
    assert widened(grey, 0) is grey
    assert softened(grey, 0) is grey


def test_soft_edges_go_from_black_to_white() -> None:
    mask = PIL.Image.new("L", (40, 8), 0)
    mask.paste(255, (20, 0, 40, 8))
    row = np.asarray(softened(mask, 3))[4].astype(int)
    assert row[0] == 0 and row[-1] == 255
    assert (np.diff(row) >= 0).all() and 0 < row[18] < row[21] < 255
