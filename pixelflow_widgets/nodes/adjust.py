"""Pictures changed without a model: cut, turned, mixed, masked, compared."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import numpy as np
import PIL.Image

from ..controls import Advanced, Colour, Number, Slider
from ..errors import MediaError
from ..media import Image, Mask
from ..media.colours import adjusted, blended, colours_of, flat_mode, has_alpha, image_of, plain, rgb_of
from ..media.likeness import peak_signal_to_noise, structural_similarity
from ..media.masks import softened, widened
from ..media.outlines import canny
from ..media.pictures import MAX_PIXELS
from ..media.places import extended, placed, within
from ..media.selections import measured, shape, stepped
from ..schema import node

SHELF = "image"

Length = Annotated[int, Number(min=0, max=16384, step=1, unit="px")]
Shift = Annotated[int, Number(min=-16384, max=16384, step=1, unit="px")]
Edge = Annotated[int | None, Number(min=1, max=16384, step=1, unit="px")]
Place = Literal["upper left", "upper right", "center", "lower left", "lower right"]
Ink = Annotated[str, Colour()]


@node
def crop(
    image: Image, width: Edge = None, height: Edge = None, place: Place = "upper left", left: Shift = 0, top: Shift = 0
) -> Image:
    """Cuts a rectangle out of a picture.

    Args:
        image: The picture.
        width: Of the rectangle, in pixels; empty is as far as the picture goes.
        height: Of the rectangle, in pixels; empty is as far as the picture goes.
        place: Where the rectangle stands in the picture.
        left: Moves it from there to the right, in pixels.
        top: Moves it from there downwards, in pixels.
    """
    size = width or image.width - abs(left), height or image.height - abs(top)
    x, y = placed(place, image.size, size)
    # What is as wide as the picture goes begins at the border, or where it was moved to.
    x = max(left, 0) if width is None else x + left
    y = max(top, 0) if height is None else y + top
    return image.crop(within(image.size, (x, y, x + size[0], y + size[1])))


class Padded(NamedTuple):
    """Is a larger picture, and where it is new: to be painted, say."""

    image: Image
    mask: Mask


@node
def pad(
    image: Image,
    left: Length = 0,
    top: Length = 0,
    right: Length = 0,
    bottom: Length = 0,
    fill: Literal["color", "transparent", "edge", "mirror"] = "color",
    color: Ink = "#000000",
) -> Padded:
    """Makes a picture larger at its sides, and masks what is new.

    Args:
        image: The picture.
        left: Pixels that are added there.
        top: Pixels that are added there.
        right: Pixels that are added there.
        bottom: Pixels that are added there.
        fill: What is there: one colour, nothing, the pixels of the edge drawn out, or the picture mirrored.
        color: Where a colour fills.
    """
    width, height = image.width + left + right, image.height + top + bottom
    if width * height > MAX_PIXELS:
        raise MediaError(f"The picture would have {width} x {height} pixels; at most {MAX_PIXELS:,} are made.")
    mask = PIL.Image.new("L", (width, height), 255)
    mask.paste(0, (left, top, left + image.width, top + image.height))
    return Padded(extended(image, (left, top, right, bottom), fill, rgb_of(color)), Mask(mask))


@node
def rotate(
    image: Image,
    angle: Annotated[float, Slider(-180, 180, step=0.5)] = 90.0,
    mirror: Literal["no", "left to right", "top to bottom"] = "no",
    expand: bool = True,
    fill: Literal["color", "transparent"] = "color",
    color: Ink = "#000000",
) -> Image:
    """Turns a picture, and mirrors it.

    Args:
        image: The picture.
        angle: Clockwise, in degrees; quarter turns keep every pixel as it is.
        mirror: Is done before it is turned.
        expand: The picture becomes as large as the turned one is; otherwise its size stays, and corners are cut off.
        fill: What the corners are that come into the picture.
        color: Where a colour fills.
    """
    from PIL import ImageOps

    image = flat_mode(image)
    turns = {"left to right": ImageOps.mirror, "top to bottom": ImageOps.flip}
    if mirror in turns:
        image = turns[mirror](image)
    if angle % 90 == 0 and (expand or angle % 180 == 0 or image.width == image.height):
        return image.rotate(-angle, expand=True)
    if fill == "transparent":
        image = image.convert("RGBA")
    ink = 0 if fill == "transparent" else PIL.Image.new("RGB", (1, 1), rgb_of(color)).convert(image.mode)
    corner = ink if isinstance(ink, int) else ink.getpixel((0, 0))
    smooth = image.mode not in ("1", "I;16", "I;16L", "I;16B")
    how = PIL.Image.Resampling.BICUBIC if smooth else PIL.Image.Resampling.NEAREST
    return image.rotate(-angle, how, expand=expand, fillcolor=corner)


@node
def resize_image(
    image: Image,
    width: Annotated[int, Number(min=1, max=16384, unit="px")] = 512,
    height: Annotated[int, Number(min=1, max=16384, unit="px")] = 512,
    fit: Literal["stretch", "contain", "cover"] = "contain",
    filter: Literal["lanczos", "nearest", "bilinear"] = "lanczos",
) -> Image:
    """Changes the size of a picture.

    Args:
        image: The picture.
        width: In pixels.
        height: In pixels.
        fit: stretch changes the shape; contain keeps it and fits inside; cover keeps it and cuts what stands over.
        filter: nearest keeps hard pixel edges.
    """
    how = PIL.Image.Resampling[filter.upper()]
    if fit == "stretch":
        return image.resize((width, height), how)
    from PIL import ImageOps

    return (ImageOps.contain if fit == "contain" else ImageOps.fit)(image, (width, height), how)


@node
def blend(
    image: Image,
    over: Image,
    mode: Literal[
        "normal",
        "multiply",
        "screen",
        "overlay",
        "soft light",
        "hard light",
        "darken",
        "lighten",
        "color dodge",
        "color burn",
        "difference",
        "exclusion",
        "add",
        "subtract",
        "hue",
        "saturation",
        "color",
        "luminosity",
    ] = "normal",
    opacity: Annotated[float, Slider(0, 1, step=0.01)] = 0.5,
    mask: Mask | None = None,
) -> Image:
    """Mixes two pictures, pixel by pixel.

    Args:
        image: The picture beneath; the result has its size.
        over: The picture on it; one of another size is stretched.
        mode: How two colours make one.
        opacity: How much of the picture on top counts.
        mask: Where it counts; empty is everywhere.
    """
    top = over if over.size == image.size else plain(over).resize(image.size, PIL.Image.Resampling.LANCZOS)
    strength = np.full((1, 1, 1), opacity, np.float32)
    if mask is not None:
        cover = mask if mask.size == image.size else mask.resize(image.size, PIL.Image.Resampling.BILINEAR)
        strength = strength * (np.asarray(cover, np.float32)[..., None] / 255)
    return blended(image, top, mode, strength)


@node
def composite(
    background: Image,
    foreground: Image,
    mask: Mask | None = None,
    place: Place = "upper left",
    left: Shift = 0,
    top: Shift = 0,
    scale: Annotated[float, Number(min=0.01, max=100, step=0.05)] = 1.0,
) -> Image:
    """Lays a picture on another one; what stands over the border is cut off.

    Args:
        background: The result has its size.
        foreground: What is laid on it; where it is transparent, the background shows.
        mask: Of the foreground: what is not masked is left out; empty is nothing.
        place: Where it is laid.
        left: Moves it from there to the right, in pixels.
        top: Moves it from there downwards, in pixels.
        scale: How many times as large as it is.
    """
    layer = plain(foreground).convert("RGBA")
    if mask is not None:
        from PIL import ImageChops

        cover = mask if mask.size == layer.size else mask.resize(layer.size, PIL.Image.Resampling.BILINEAR)
        layer.putalpha(ImageChops.multiply(layer.getchannel("A"), cover))
    if scale != 1:
        size = max(1, round(layer.width * scale)), max(1, round(layer.height * scale))
        if size[0] * size[1] > MAX_PIXELS:
            raise MediaError(f"The foreground would have {size[0]} x {size[1]} pixels. Choose a smaller scale.")
        layer = layer.resize(size, PIL.Image.Resampling.LANCZOS)
    sheet = PIL.Image.new("RGBA", background.size, (0, 0, 0, 0))
    x, y = placed(place, background.size, layer.size)
    sheet.paste(layer, (x + left, y + top))
    joined = PIL.Image.alpha_composite(plain(background).convert("RGBA"), sheet)
    return joined if has_alpha(background) else joined.convert("RGB")


@node
def mask_from(
    image: Image,
    by: Literal["luminance", "alpha", "color", "rectangle", "ellipse"] = "luminance",
    threshold: Annotated[float, Slider(0, 1, step=0.01)] = 0.5,
    color: Ink = "#00ff00",
    tolerance: Annotated[float, Slider(0, 1, step=0.01)] = 0.25,
    softness: Annotated[float, Slider(0, 1, step=0.01)] = 0.0,
    left: Length = 0,
    top: Length = 0,
    width: Edge = None,
    height: Edge = None,
    grow: Annotated[int, Number(min=-512, max=512, step=1, unit="px")] = 0,
    feather: Annotated[float, Number(min=0, max=256, step=0.5, unit="px")] = 0.0,
    invert: bool = False,
) -> Mask:
    """Makes a mask of a picture: of what is light, opaque or of one colour in it, or of a shape.

    Args:
        image: The picture; the mask has its size.
        by: What is selected: light parts, opaque ones, those of a colour, a rectangle, or the ellipse in a rectangle.
        threshold: How light or opaque something is at least.
        color: Which colour is selected, as with a green screen.
        tolerance: How far from it a colour may be; 1 is from black to white.
        softness: How slowly it goes from selected to not; 0 is a hard edge.
        left: Of the rectangle, in pixels.
        top: Of the rectangle, in pixels.
        width: Of the rectangle, in pixels; empty is to the border.
        height: Of the rectangle, in pixels; empty is to the border.
        grow: By how many pixels what is selected becomes larger; less than 0 makes it smaller.
        feather: How far its edge is smoothed, in pixels.
        invert: Selects the rest.
    """
    from PIL import ImageOps

    if by in ("rectangle", "ellipse"):
        box = left, top, width or image.width - left, height or image.height - top
        selected = np.where(shape(by, image.size, box), np.uint8(255), np.uint8(0))
    else:
        level = 1 - tolerance if by == "color" else threshold
        selected = stepped(measured(image, by, rgb_of(color)), level, softness)
    mask = softened(widened(PIL.Image.fromarray(selected), grow), feather)
    return Mask(ImageOps.invert(mask) if invert else mask)


@node
def adjust_color(
    image: Image,
    brightness: Annotated[float, Slider(0, 3, step=0.05)] = 1.0,
    contrast: Annotated[float, Slider(0, 3, step=0.05)] = 1.0,
    saturation: Annotated[float, Slider(0, 3, step=0.05)] = 1.0,
    hue: Annotated[float, Slider(-180, 180, step=1)] = 0.0,
    gamma: Annotated[float, Slider(0.1, 5, step=0.05)] = 1.0,
    warmth: Annotated[float, Slider(-1, 1, step=0.05)] = 0.0,
) -> Image:
    """Changes the colours of a picture; transparency stays.

    Args:
        image: The picture.
        brightness: 1 changes nothing, 0 is black.
        contrast: 1 changes nothing, 0 is middle grey.
        saturation: 1 changes nothing, 0 has no colours.
        hue: By how many degrees the colour wheel is turned.
        gamma: Above 1 the middle tones become lighter; black and white stay.
        warmth: Above 0 more orange, below 0 more blue.
    """
    colours, alpha = colours_of(image)
    return image_of(adjusted(colours, brightness, contrast, saturation, hue, gamma, warmth), alpha)


@node
def edges(
    image: Image,
    blur: Annotated[float, Slider(0, 10, step=0.1)] = 1.0,
    low: Annotated[float, Slider(0, 1, step=0.01)] = 0.1,
    high: Annotated[float, Slider(0, 1, step=0.01)] = 0.2,
    invert: Annotated[bool, Advanced()] = False,
) -> Image:
    """Draws the edges of a picture, white on black, by Canny's method: what a ControlNet for edges wants.

    Args:
        image: The picture.
        blur: Width of the smoothing in pixels; more leaves out small things.
        low: How strong an edge is at least that hangs together with a strong one; 1 is a step from black to white.
        high: How strong an edge is at least.
        invert: Black on white.
    """
    if low > high:
        raise MediaError(f"The low threshold, {low:g}, is above the high one, {high:g}. Swap them.")
    colours, _ = colours_of(image)
    grey = colours @ np.array([0.299, 0.587, 0.114], np.float32)
    found = canny(grey, blur, low, high)
    return PIL.Image.fromarray(np.where(found != invert, np.uint8(255), np.uint8(0)))


class Compared(NamedTuple):
    """Is how two pictures differ: to look at, and as numbers."""

    image: Image
    psnr: float
    ssim: float


@node(version=2)
def compare(
    first: Image,
    second: Image,
    view: Literal["side by side", "slider", "difference"] = "side by side",
    split: Annotated[float, Slider(0, 1, step=0.01)] = 0.5,
    gain: Annotated[float, Slider(1, 20, step=0.5)] = 1.0,
) -> Compared:
    """Compares two pictures.

    Args:
        first: The picture.
        second: What it is compared with; one of another size is stretched to that of the first.
        view: Both beside each other, the first one left and the second one right of a line, or what differs.
        split: Where the line of the slider stands: 0 is at the left.
        gain: How many times a difference is enlarged.

    Returns:
        The view; the peak signal-to-noise ratio in decibels, 200 for equal pictures; and the structural similarity, 1
        for equal pictures.
    """
    one, other = plain(first).convert("RGB"), plain(second).convert("RGB")
    if other.size != one.size:
        other = other.resize(one.size, PIL.Image.Resampling.LANCZOS)
    scores = peak_signal_to_noise(one, other), structural_similarity(one, other)
    if view == "difference":
        return Compared(image_of(np.abs(colours_of(one)[0] - colours_of(other)[0]) * gain), *scores)
    if view == "side by side":
        sheet = PIL.Image.new("RGB", (2 * one.width, one.height))
        sheet.paste(one, (0, 0))
        sheet.paste(other, (one.width, 0))
        return Compared(sheet, *scores)
    cut = round(split * one.width)
    one.paste(other.crop((cut, 0, other.width, other.height)), (cut, 0))
    if 0 < cut < one.width:
        one.paste((255, 255, 255), (cut, 0, cut + max(1, one.width // 512), one.height))
    return Compared(one, *scores)
