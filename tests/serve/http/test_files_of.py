"""Which output is answered to a caller who asks for a file and not for JSON."""

from __future__ import annotations

import pixelflow_widgets as pf
from pixelflow_widgets.serve.http.files_of import the_file


def meant(flow: pf.Flow, kind: str) -> str | None:
    found = the_file(flow.signature, kind)
    return found.name if found else None


def test_the_first_picture_is_meant_and_never_a_mask_where_there_is_a_picture() -> None:
    with pf.Flow("several") as flow:
        picture = flow.input("picture", type=pf.Image)
        flow.output("mask", pf.nodes.mask_from(image=picture))
        flow.output("turned", pf.nodes.rotate(image=picture))
        flow.output("larger", pf.nodes.resize_image(image=picture, width=80, height=80))
    assert (meant(flow, "image/png"), meant(flow, "image/*")) == ("turned", "turned")
    flow.order_outputs("mask", "larger", "turned")
    assert meant(flow, "image/webp") == "larger"
    assert meant(flow, "audio/wav") is None


def test_a_mask_is_a_picture_where_there_is_no_other() -> None:
    with pf.Flow("mask") as flow:
        flow.output("mask", pf.nodes.mask_from(image=flow.input("picture", type=pf.Image)))
    assert meant(flow, "image/png") == "mask"
