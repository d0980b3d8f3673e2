"""A flow as an SVG that stands alone: as the editor shows it before a run, light or dark as its reader likes."""

from __future__ import annotations

from ...flow.document import Document
from ...flow.subflows import with_subflows
from ...schema import Registry
from .layout import by_id, lay_out
from .sheet import Sheet, in_detail, in_short, name_of

_NARROWEST = 480
_DETAILED = 2_500
_LOOKS = 'class="pixelflow-diagram" style="max-width:100%;height:auto"'


def svg_of(document: Document, registry: Registry) -> str:
    """Return a drawing of a flow as SVG that needs nothing from elsewhere.

    Args:
        document: The flow.
        registry: Which node types there are; others are drawn as placeholders with the ports that edges tell of.
    """
    document = by_id(document)
    scene = lay_out(document, with_subflows(registry, document))
    parts = in_detail(scene) if len(scene.cards) <= _DETAILED else in_short(scene)
    sheet = Sheet(name_of(document), scene, narrowest=_NARROWEST)
    return sheet.svg(sheet.hold(parts), _LOOKS, sized=True, themed=True) + "\n"
