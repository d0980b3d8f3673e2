"""A picture from anywhere as training sees it: upright, in RGB, one frame."""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from ...errors import MediaError
from ...media.colours import flat_mode, has_alpha
from ...media.pictures import FORMATS, opening
from ...media.previews import eight_bits

MOST_PIXELS = 100_000_000
_FORMATS = (*FORMATS, "AVIF")


def decoded(source: Path | bytes | PIL.Image.Image) -> tuple[PIL.Image.Image, str]:
    """Return a picture, and the plural of what there is more of than its first one: "frames", "pages" or nothing.

    Args:
        source: A file, its content, or a picture that somebody opened; that one is not changed.

    Raises:
        MediaError: It cannot be read, or has more than 100 million pixels; says why.
    """
    if isinstance(source, PIL.Image.Image):
        try:
            return _seen(source)
        except (OSError, SyntaxError, ValueError) as error:  # opened and closed, or damaged
            raise MediaError(f"This picture cannot be decoded: {error}") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PIL.Image.DecompressionBombWarning)  # of sizes that are allowed here
            with opening(source, MOST_PIXELS, _FORMATS) as image:
                return _seen(image)
    except MediaError as error:
        if isinstance(error.__cause__, PIL.UnidentifiedImageError):  # says no more, and bytes by their address
            raise MediaError(f"This cannot be read as a picture ({', '.join(_FORMATS)}).") from error
        raise


def _seen(image: PIL.Image.Image) -> tuple[PIL.Image.Image, str]:
    from PIL import ImageOps

    return _upright_rgb(ImageOps.exif_transpose(image)), _more(image)


def _more(image: PIL.Image.Image) -> str:
    # Cameras keep a second picture in a JPEG (MPO) for themselves: it is no animation.
    if image.format == "MPO" or not getattr(image, "is_animated", False):
        return ""
    return "pages" if image.format == "TIFF" else "frames"


def _upright_rgb(image: PIL.Image.Image) -> PIL.Image.Image:
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I;16"):  # of photographs: a step of 256 is one of theirs, however dark they are
        image = PIL.Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    image = flat_mode(eight_bits(image))
    if not has_alpha(image):
        return _in_srgb(image, profile)
    image = image.convert("RGBA")
    paper = PIL.Image.new("RGB", image.size, "white")
    paper.paste(_in_srgb(image.convert("RGB"), profile), mask=image.getchannel("A"))
    return paper


def _in_srgb(image: PIL.Image.Image, profile: Any) -> PIL.Image.Image:
    """Return colours as screens show them: by the profile that a picture carries, CMYK too."""
    from PIL import ImageCms

    # One that is damaged, or made for another mode, says nothing.
    with contextlib.suppress(ImageCms.PyCMSError, OSError, TypeError, ValueError):
        if image.mode == "LAB":
            given = ImageCms.createProfile("LAB")
        else:
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile)) if profile else None
        if given and "srgb" not in ImageCms.getProfileDescription(given).lower():
            # Paper becomes white and the darkest ink black, as image editors do it.
            how, flags = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
            made = ImageCms.profileToProfile(image, given, ImageCms.createProfile("sRGB"), how, "RGB", flags=flags)
            if made is not None:
                return made
    return image.convert("RGB")
