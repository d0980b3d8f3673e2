"""Every built-in node type has a way into a script."""

from __future__ import annotations

import inspect

import pixelflow_widgets as pf
from pixelflow_widgets.export.sources import exportable


def test_no_type_is_without_a_way_into_a_script() -> None:
    types = [known for known in pf.registry if not known.from_notebook and known.name.isidentifier()]
    assert len(types) > 80
    ways = {known.name: known for known in types if known.export is None and not known.is_static}
    without = {name: why for name, known in ways.items() if (why := exportable(inspect.unwrap(known.function)))}
    assert without == {}
