"""What a flow's picture shows of results, each at its place on the card: pictures, films, sounds, tables."""

from __future__ import annotations

from ...export.diagram.cards import FRAME_WIDTH, PADDING, Box, Frame
from ...export.diagram.shapes import INK, SURFACE, WELL, colour_of, number, rectangle
from ...export.diagram.sheet import SCOPE
from ...media import Preview
from .live_view import draw_live_view, read_live_view
from .tables import draw_table, rows_of
from .thumbnails import LARGEST, Thumbnail, loudness, thumbnail

_BYTES_FOR_PICTURES = 600_000  # in base64 they are a third more
_BAR = 4  # of a sound, in pixels with the gap to the next
_SMALLEST_PICTURE = 1_500


class Results:
    """Draws what the nodes of a flow made, together within a limit of bytes.

    Args:
        cards: All that are drawn.
    """

    def __init__(self, cards: list[Box]) -> None:
        count = sum(card.frame is not None and card.frame.made is not None for card in cards)
        self._most = min(LARGEST, _BYTES_FOR_PICTURES // max(count, 1))

    @property
    def outline(self) -> str:
        """Return the rounded outline to which pictures on cards are cut; it stands before them."""
        return f'<clipPath id="{SCOPE}frame">{rectangle(0, 0, FRAME_WIDTH, FRAME_WIDTH, 7, "")}</clipPath>'

    def draw(self, frame: Frame) -> str:
        """Return what a node made; "" where it made nothing that is seen."""
        small = self._thumbnail(frame)
        drawn = _waves(frame) or _table(frame) or self._training(frame)
        if small is None and not drawn:
            return ""
        well = rectangle(PADDING, frame.y, FRAME_WIDTH, frame.height, 7, f'fill="{WELL}"')
        if small is None:
            return well + drawn
        clip = f'<g clip-path="url(#{SCOPE}frame)" transform="translate({PADDING} {number(frame.y)})">'
        return f"{well}{clip}{_image(small, frame.height)}</g>{_play_mark(frame) if frame.medium == 'video' else ''}"

    def _training(self, frame: Frame) -> str:
        preview = _preview(frame)
        view = read_live_view(preview) if preview is not None else None
        if view is None:
            return ""
        drawn = draw_live_view(view, FRAME_WIDTH, frame.height, self._most)
        return f'<g transform="translate({PADDING} {number(frame.y)})">{drawn}</g>'

    def draw_bare(self, frame: Frame) -> str:
        """Return the picture that a node made, with nothing around it."""
        small = self._thumbnail(frame)
        if small is None:
            return ""
        return f'<g transform="translate({PADDING} {number(frame.y)})">{_image(small, frame.height)}</g>'

    def _thumbnail(self, frame: Frame) -> Thumbnail | None:
        preview = _preview(frame)
        if preview is not None and preview.poster:
            preview = Preview("image/jpeg", preview.poster, preview.size)
        is_shown = preview is not None and preview.mime.startswith("image/") and self._most >= _SMALLEST_PICTURE
        return thumbnail(preview, self._most) if is_shown and preview else None


def _preview(frame: Frame) -> Preview | None:
    return frame.made if isinstance(frame.made, Preview) else None


def _image(small: Thumbnail, height: float) -> str:
    looks = ' style="image-rendering:pixelated"' if small.hard else ""
    place = f'width="{FRAME_WIDTH}" height="{number(height)}" preserveAspectRatio="xMidYMid meet"'
    return f'<image {place}{looks} href="{small.uri}"/>'


def _waves(frame: Frame) -> str:
    """A sound as one bar for each moment, as high as it is loud there."""
    preview = _preview(frame)
    if preview is None or not preview.mime.startswith("audio/"):
        return ""
    columns = (FRAME_WIDTH - 2 * PADDING) // _BAR
    middle = frame.y + frame.height / 2
    bars = [
        f"M{2 * PADDING + place * _BAR + 2} {number(middle - (1 + loud * 18))}v{number(2 + loud * 36)}"
        for place, loud in enumerate(loudness(preview.peaks, columns))
    ]
    looks = f'stroke="{colour_of("audio")}" stroke-width="2.5" stroke-linecap="round"'
    return f'<path d="{"".join(bars)}" {looks}/>' if bars else ""


def _table(frame: Frame) -> str:
    preview = _preview(frame)
    if preview is None or preview.mime != "text/html":
        return ""
    return draw_table(rows_of(preview), PADDING, frame.y, FRAME_WIDTH)


def _play_mark(frame: Frame) -> str:
    x, y = PADDING + FRAME_WIDTH - 22, frame.y + frame.height - 22
    disc = f'<circle cx="{number(x)}" cy="{number(y)}" r="12" fill="{INK}" opacity=".55"/>'
    return f'{disc}<path d="M{number(x - 3.5)} {number(y - 5.5)}l9 5.5l-9 5.5z" fill="{SURFACE}"/>'
