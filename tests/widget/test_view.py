from __future__ import annotations

from typing import Any

import comm
import pytest

import pixelflow_widgets as pf
from tests.run import sample_nodes as nodes
from tests.run.test_executor import run


class Line(comm.base_comm.BaseComm):  # type: ignore[name-defined]
    """A line to a page that is not there; keeps what is sent."""

    sent: list[tuple[Any, Any]]

    def publish_msg(self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any) -> None:
        self.__dict__.setdefault("sent", []).append((data, buffers))


@pytest.fixture
def view(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(comm, "create_comm", Line)
    from pixelflow_widgets.widget.view import FlowView

    with pf.Flow("view") as flow:
        flow.output("image", nodes.gradient(size=8))
        flow.output("number", nodes.double(value=2))
    started = run(flow)
    started.wait()
    return FlowView(flow.document, flow.registry, started)


def test_the_page_gets_the_flow_and_the_types_of_its_nodes(view: Any) -> None:
    assert set(view.document["types"]) == {"tests.gradient", "tests.double"}
    assert view.document["flow"]["nodes"]["gradient"]["type"] == "tests.gradient"


def test_results_come_as_binary_when_the_page_says_that_it_is_there(view: Any) -> None:
    before = len(view.comm.sent)
    view._handle_custom_msg({"type": "ready"}, [])
    sent = [(data["content"], buffers) for data, buffers in view.comm.sent[before:]]
    assert [(content["node"], content["port"], content["mime"]) for content, _ in sent] == [
        ("gradient", "image", "image/jpeg"),
        ("double", "number", "text/plain"),
    ]
    assert sent[0][1][0].startswith(b"\xff\xd8")
    assert sent[1][1][0] == b"4"


def test_messages_of_no_meaning_are_left_alone(view: Any) -> None:
    before = len(view.comm.sent)
    for message in ({}, {"type": "nonsense"}, "text", None, [1]):
        view._handle_custom_msg(message, [])
    assert len(view.comm.sent) == before


def test_a_flow_as_the_last_line_of_a_cell_shows_the_view() -> None:
    flow = pf.Flow("shown")
    flow.add("note", text="hello")
    bundle = flow._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "application/vnd.jupyter.widget-view+json" in data
