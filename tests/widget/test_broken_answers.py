"""A node whose server died shows the text so far and what happened, also to a page that comes later."""

from __future__ import annotations

import pixelflow_widgets as pf
from tests.zoo import scripted_server as acts
from tests.zoo.scripted_server import ScriptedServer

from .page import Page, wait_for


def test_a_page_keeps_the_text_so_far_beside_the_error_and_a_retry_replaces_it() -> None:
    words = [f"word{number} " for number in range(40)]
    server = ScriptedServer(acts.dies(*words), acts.says("all of it"))
    try:
        flow = pf.Flow("talk")
        named = flow.add("language_server", model="tiny", base_url=server.address, key="")
        flow.output("said", flow.add("chat", id="say", prompt="hello", model=named["model"])["text"])
        page = Page(flow)
        page.run("first")
        assert page.ended("first")["status"] == "failed"
        told = wait_for(lambda: page.node("say").get("state") == "failed" and page.node("say"))
        assert "broke the connection off. Run again" in told["error"]
        last = wait_for(lambda: [one for one in page.of("preview") if one["buffers"][0] == "".join(words).encode()])
        page.tell("credit", node="say", frame=last[-1]["frame"])
        late = Page(flow, client="late")  # and it is shown the same
        wait_for(lambda: late.of("preview")[-1]["frame"] > last[-1]["frame"])
        page.run("second")
        assert page.ended("second")["status"] == "done"
        (result,) = wait_for(lambda: [one for one in page.of("result") if one["node"] == "say"])
        assert bytes(result["buffers"][0]) == b"all of it"
    finally:
        server.close()
