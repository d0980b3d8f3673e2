from __future__ import annotations

import base64
import io
import random
import re
import time
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.export.diagram.shapes import COLOURS
from pixelflow_widgets.media import Audio, Preview
from pixelflow_widgets.media.previews import preview_audio, preview_image, preview_table, preview_video
from pixelflow_widgets.media.values import Video
from pixelflow_widgets.schema import Registry
from pixelflow_widgets.widget.picture import LARGEST, draw, in_words
from tests.flow.sample_types import REGISTRY
from tests.flow.strategies import JSON, documents, examples

MEDIA = Registry()


@pf.node
def hum() -> pf.Audio:
    """Hums."""
    raise NotImplementedError


@pf.node
def film() -> pf.Video:
    """Films."""
    raise NotImplementedError


@pf.node
def told() -> pf.Table:
    """Tells."""
    raise NotImplementedError


for function in (hum, film, told):
    MEDIA.add(function.node_type)  # type: ignore[attr-defined]

SVG = "{http://www.w3.org/2000/svg}"


def flow(**changes: Any) -> dict[str, Any]:
    """A text into two nodes: a prompt of the flow's, a picture, a softer picture."""
    return {
        "format": "pixelflow",
        "version": 1,
        "name": "poster",
        "nodes": {
            "ask": {"type": "tests.say", "values": {"text": "a red circle"}},
            "draw": {"type": "tests.paint", "values": {"steps": 12}, "title": "Draw the poster"},
            "blur": {"type": "tests.soften", "values": {}},
        },
        "edges": [{"from": "ask.text", "to": "draw.prompt"}, {"from": "draw.image", "to": "blur.image"}],
        "inputs": [{"name": "seed", "type": "int", "default": 7, "feeds": ["draw.seed"]}],
        "outputs": [{"name": "picture", "from": "blur.image"}],
        "layout": {"positions": {"ask": [0, 0], "draw": [340, 0], "blur": [680, 40]}},
        **changes,
    }


def drawn(document: Any, results: Any = None, **options: Any) -> ET.Element:
    return ET.fromstring(draw(document, REGISTRY, results or {}, **options))


def words(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def cards(root: ET.Element) -> dict[str, ET.Element]:
    found = [element for element in root.iter(f"{SVG}g") if element.get("class") == "pixelflow-node"]
    return {element.get("data-node", ""): element for element in found}


def edges(root: ET.Element) -> list[ET.Element]:
    return [element for element in root.iter(f"{SVG}path") if element.get("class") == "pixelflow-edge"]


def images(root: ET.Element) -> list[PIL.Image.Image]:
    contents = [(element.get("href") or "").partition("base64,")[2] for element in root.iter(f"{SVG}image")]
    return [PIL.Image.open(io.BytesIO(base64.b64decode(content))) for content in contents]


def noise(edge: int) -> PIL.Image.Image:
    return PIL.Image.frombytes("RGB", (edge, edge), random.Random(edge).randbytes(edge * edge * 3))


# The graph


def test_every_node_stands_in_it_with_title_type_ports_and_values() -> None:
    found = {key: words(card) for key, card in cards(drawn(flow())).items()}
    assert found["ask"][:2] == ["Say", "Text"]
    assert "a red circle" in found["ask"]
    assert found["draw"][:2] == ["Draw the poster", "Paint"]
    assert found["draw"][2:8] == ["Prompt", "Steps", "12", "Strength", "0.5", "Guidance"]
    assert found["draw"][8:] == ["auto", "Seed", "Blend", "screen", "Model", "starter", "Image"]
    assert found["blur"] == ["Soften", "Image", "Amount", "1", "Image"]


def test_caption_docks_and_their_entries_are_there() -> None:
    root = drawn(flow())
    assert words(root)[:2] == ["poster", "3 nodes"]
    assert {"INPUTS", "Seed", "7", "OUTPUTS", "Picture"} <= set(words(root))
    assert words(drawn(flow(), title="another"))[0] == "another"


def test_every_edge_is_a_curve_between_its_ports_and_so_is_what_the_docks_feed_and_read() -> None:
    root = drawn(flow())
    assert len(edges(root)) == 4
    ends = [re.findall(r"-?[\d.]+", edge.get("d") or "") for edge in edges(root)]
    # The dock of the inputs is 196 wide and 84 before the first card; cards are 252 wide.
    left = 196 + 84
    from_to = {(float(end[0]) - left, float(end[-2]) - left) for end in ends}
    assert from_to == {(252, 340), (340 + 252, 680), (-84, 340), (680 + 252, 680 + 252 + 84)}
    assert len(edges(drawn(flow(edges=[{"from": "gone.text", "to": "draw.prompt"}], inputs=[], outputs=[])))) == 0


def test_a_type_that_is_not_installed_keeps_its_ports_and_values() -> None:
    document = flow()
    document["nodes"]["blur"] = {"type": "elsewhere.blur_more", "values": {"amount": 3}}
    assert words(cards(drawn(document))["blur"]) == [
        "Elsewhere blur more", "not installed here", "Image", "Amount", "3", "Image"
    ]  # fmt: skip


def test_ports_without_a_curve_are_hollow() -> None:
    card = cards(drawn(flow()))["draw"]
    ports = [group for group in card.iter(f"{SVG}g") if group.get("stroke-width") == "1.75"]
    fills = {port.get("transform", "")[10:-1]: port.get("fill") for port in ports}
    assert fills["-7 56"] == COLOURS["text"], "the prompt is fed"
    assert fills["-7 82"] == "#ffffff", "the steps are not"
    assert len(ports) == 8


def test_what_is_rarely_needed_shows_where_somebody_uses_it() -> None:
    paint = REGISTRY["tests.paint"]
    rare = {"strength", "guidance", "seed"}
    inputs = {name: replace(port, advanced=name in rare) for name, port in paint.inputs.items()}
    registry = Registry()
    registry.add(replace(paint, inputs=inputs))
    document = flow()
    document["nodes"]["draw"]["values"] = {"strength": 0.7}
    found = words(cards(ET.fromstring(draw(document, registry, {})))["draw"])
    assert "Strength" in found and "Seed" in found, "one is set, the other is fed"
    assert "Guidance" not in found


def test_an_empty_flow_says_so() -> None:
    assert "This flow has no nodes yet." in words(drawn(flow(nodes={}, edges=[], inputs=[], outputs=[])))


def test_without_positions_nodes_stand_in_columns_and_do_not_overlap() -> None:
    root = drawn(flow(layout={}))
    places = [card.get("transform") for card in cards(root).values()]
    assert len(set(places)) == 3
    assert [float(place[10:-1].split()[0]) for place in places if place] == [280, 616, 952]


# Results


def test_the_result_stands_on_its_node_in_its_colours() -> None:
    red = PIL.Image.new("RGB", (700, 350), (220, 30, 40))
    card = cards(drawn(flow(), {"draw": {"image": preview_image(red)}}))["draw"]
    (image,) = images(card)
    assert image.size == (256, 128)
    assert np.abs(np.array(image.convert("RGB").getpixel((100, 60))) - (220, 30, 40)).max() < 6


def test_a_port_that_may_give_anything_shows_what_came_out_of_it() -> None:
    document = flow(nodes={"way": {"type": "switch", "values": {}}}, edges=[], inputs=[], outputs=[])
    image, text = preview_image(PIL.Image.new("RGB", (300, 300), "teal")), Preview("text/plain", b"a word")
    shown = [draw(document, pf.registry, {"way": {"value": made}}) for made in (image, text)]
    assert ["<image" in picture for picture in shown] == [True, False]
    assert "a word" in shown[1]


def test_small_pictures_keep_every_pixel_and_are_drawn_with_hard_ones() -> None:
    pixels = noise(64).convert("RGBA")
    pixels.putpixel((0, 0), (1, 2, 3, 4))
    preview = preview_image(pixels)
    card = cards(drawn(flow(), {"draw": {"image": preview}}))["draw"]
    assert images(card)[0].tobytes() == pixels.tobytes()
    assert next(card.iter(f"{SVG}image")).get("style") == "image-rendering:pixelated"
    large = cards(drawn(flow(), {"draw": {"image": preview_image(noise(300))}}))["draw"]
    assert next(large.iter(f"{SVG}image")).get("style") is None


def test_no_picture_takes_more_than_40_kilobytes() -> None:
    root = drawn(flow(), {"draw": {"image": preview_image(noise(1024))}, "blur": {"image": preview_image(noise(128))}})
    sizes = [len(element.get("href") or "") for element in root.iter(f"{SVG}image")]
    assert len(sizes) == 2
    assert max(sizes) < 40_000 * 4 / 3 + 100


def test_texts_are_wrapped_below_their_port() -> None:
    said = "The picture shows a red circle on a blue ground, painted with a broad brush. " * 20
    card = cards(drawn(flow(), {"ask": {"text": Preview("text/plain", said.encode())}}))["ask"]
    lines = words(card)[words(card).index("Text", 2) + 1 :]
    assert len(lines) == 5
    assert " ".join(lines[:4]) == said[: len(" ".join(lines[:4]))]
    assert lines[4].endswith("…")


def test_sounds_are_drawn_as_loud_as_they_are_and_films_by_their_first_frame() -> None:
    document = flow(nodes={"hum": {"type": "tests.hum", "values": {}}, "film": {"type": "tests.film", "values": {}}})
    samples = np.concatenate([np.zeros(4000), np.full(4000, 0.5)]).astype(np.float32)[None]
    frames = np.zeros((3, 200, 200, 3), np.uint8)
    frames[0] = (10, 200, 30)
    results = {
        "hum": {"audio": preview_audio(Audio(samples, 8000))},
        "film": {"video": preview_video(Video(frames, 5))},
    }
    found = cards(ET.fromstring(draw(document, MEDIA, results)))
    (waves,) = [path for path in found["hum"].iter(f"{SVG}path") if path.get("stroke") == COLOURS["audio"]]
    heights = [float(bar) for bar in re.findall(r"v([\d.]+)", waves.get("d") or "")]
    assert heights[0] == 2 and heights[-1] == 38
    (frame,) = images(found["film"])
    assert np.abs(np.array(frame.convert("RGB").getpixel((50, 50))) - (10, 200, 30)).max() < 12


def test_tables_are_drawn_as_far_as_there_is_room_and_told_in_words() -> None:
    import pandas

    frame = pandas.DataFrame(
        {"label": ["sky <&>", "sea", *["more"] * 20], "score": range(22), "wide": ["w" * 400] * 22}
    )
    frame = frame.assign(**{f"column {number}": 0 for number in range(9)})
    document = flow(nodes={"told": {"type": "tests.told", "values": {}}})
    results = {"told": {"table": preview_table(frame)}}
    root = ET.fromstring(draw(document, MEDIA, results))
    told = words(cards(root)["told"])
    assert {"label", "score", "sky <&>", "sea", "0", "1"} <= set(told)
    assert "column 8" not in told and told.count("more") < 8
    assert in_words(document, MEDIA, results, {}).endswith("Told: a table")


def test_a_node_that_failed_says_why_and_so_does_a_run_that_broke_off() -> None:
    sentence = "'Soften' failed: The amount is 900; choose at most 100."
    root = drawn(flow(), errors={"blur": sentence, "": "The run broke off."})
    assert sentence in " ".join(words(cards(root)["blur"]))
    assert "The run broke off." in words(root)
    assert "#b3261e" not in draw(flow(), REGISTRY, {})


def test_results_that_cannot_be_decoded_leave_the_place_empty() -> None:
    broken = {
        "draw": {"image": Preview("image/png", b"not a picture")},
        "ask": {"text": Preview("text/plain", b"\xff")},
    }
    assert images(drawn(flow(), broken)) == []


# What it must bear

HOSTILE = st.text(
    st.sampled_from("<>&\"'`{}$\\/=;:#\x00\x01\x0b\x1f\ud800\udfff\ufffe\uffff\u2028\u202e\n\tä日🙂a "), max_size=30
) | st.sampled_from(["<script>alert(1)</script>", "]]>", "<!--", "&#0;", "</title><image href='x'/>", "url(#a)"])


@examples(60)
@given(title=HOSTILE, value=HOSTILE | JSON, name=HOSTILE, result=HOSTILE, error=HOSTILE, port=HOSTILE)
def test_whatever_titles_values_and_results_hold_stays_text(
    title: str, value: Any, name: str, result: str, error: str, port: str
) -> None:
    document = flow(name=name)
    document["nodes"]["draw"] |= {"title": title, "values": {"prompt": value, "blend": value, port: value}}
    document["nodes"]["blur"] = {"type": title or "x", "values": {port: value}}
    document["inputs"][0] |= {"title": title, "default": value, "type": port}
    results = {"ask": {"text": Preview("text/plain", result.encode(errors="surrogatepass"))}}
    root = drawn(document, results, errors={"draw": error})
    assert set(cards(root)) == {"ask", "draw", "blur"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "pattern", "circle", "rect", "g", "path", "text", "linearGradient", "stop", "clipPath"
    }  # fmt: skip
    assert not [name for element in root.iter() for name in element.keys() if name.startswith("on")]  # noqa: SIM118


@examples(60)
@given(documents())
def test_documents_of_any_kind_are_drawn(document: dict[str, Any]) -> None:
    for entry in document["nodes"].values():
        entry["type"] = {"say": "tests.say", "draw": "tests.paint"}.get(entry["type"], entry["type"])
    svg = draw(document, REGISTRY, {})
    root = ET.fromstring(svg)
    assert "cannot be drawn" not in svg
    assert len(cards(root)) == len(document["nodes"])
    assert in_words(document, REGISTRY, {}, {}).count("\n") == len(document["nodes"])


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"nodes": None, "edges": None},
        {"name": 3, "nodes": [], "edges": {}, "inputs": 1, "outputs": "x"},
        None,
        flow(edges=[None, 1, "x", {"from": 1}], inputs=[None, {"name": "a"}], outputs=[{"name": "b"}], layout=7),
        flow(nodes={"a": None, "b": {"type": 3}, "c": {"type": "tests.say", "values": []}}),
        flow(layout={"positions": {"ask": [1e6, -1e6], "draw": [0, float("nan")], "blur": [float("inf"), 0]}}),
    ],
    ids=str,
)
def test_damaged_documents_give_a_picture_and_words(document: Any) -> None:
    assert drawn(document).get("class") == "pixelflow-picture"
    assert in_words(document, REGISTRY, {}, {})


def many(count: int) -> dict[str, Any]:
    kinds = ["tests.say", "tests.paint", "tests.soften"]
    nodes = {f"n{i}": {"type": kinds[i % 3], "values": {"steps": i}, "title": f"Node {i}"} for i in range(count)}
    wires = [
        {"from": f"n{i}.{'text' if i % 3 == 0 else 'image'}", "to": f"n{i + 1}.{'prompt' if i % 3 == 0 else 'image'}"}
        for i in range(count - 1)
        if i % 3 < 2
    ]
    places = {f"n{i}": [i % 40 * 340, i // 40 * 600] for i in range(count)}
    return flow(nodes=nodes, edges=wires, inputs=[], outputs=[], layout={"positions": places})


def test_large_flows_are_drawn_with_fewer_strokes_and_never_grow_too_large() -> None:
    results = {f"n{i}": {"image": preview_image(noise(200 + i % 7))} for i in range(1, 140, 3)}
    full = draw(many(140), REGISTRY, results)
    assert 300_000 < len(full) < LARGEST
    assert len(images(ET.fromstring(full))) == len(results), "many pictures are smaller ones, not fewer"
    thousand = draw(many(1000), REGISTRY, results)
    assert len(thousand) < LARGEST
    assert set(cards(ET.fromstring(thousand))) == {f"n{i}" for i in range(1000)}
    assert "Node 999" in thousand
    assert len(draw(many(12_000), REGISTRY, {})) < LARGEST


def test_drawing_is_cheap() -> None:
    document, results = many(50), {f"n{i}": {"image": preview_image(noise(64 + i))} for i in range(1, 50, 3)}
    draw(document, REGISTRY, results)
    taken = []
    for _ in range(5):
        began = time.process_time()
        draw(document, REGISTRY, results)
        taken.append(time.process_time() - began)
    assert min(taken) < 0.05


# Beside other pictures


def test_the_same_flow_gives_the_same_picture_and_names_of_different_ones_do_not_clash() -> None:
    results = {"draw": {"image": preview_image(noise(64))}}
    one = draw(flow(), REGISTRY, results)
    assert one == draw(flow(), REGISTRY, results)
    other = draw(flow(name="another"), REGISTRY, results)

    def names(svg: str) -> set[str]:
        return set(re.findall(r'id="([^"]+)"', svg))

    assert names(one) and not names(one) & names(other)
    assert set(re.findall(r"url\(#([^)]+)\)", one)) == names(one)


def test_it_takes_the_width_of_its_place_and_says_what_it_is() -> None:
    root = drawn(flow())
    assert root.get("width") is None and root.get("height") is None
    left, top, width, height = map(float, (root.get("viewBox") or "").split())
    assert (left, top) == (0, 0) and width > height > 0
    assert draw(flow(), REGISTRY, {}).index("pixelflow-picture") < 80, "the page looks for it with every change"
    assert root.get("aria-label") == "Flow poster, 3 nodes"


def test_the_words_name_each_node_with_its_result() -> None:
    results = {
        "ask": {"text": Preview("text/plain", b"a red\ncircle")},
        "draw": {"image": preview_image(PIL.Image.new("RGB", (700, 350)))},
    }
    assert in_words(flow(), REGISTRY, results, {"blur": "'Soften' failed: no."}).splitlines() == [
        "poster: 3 nodes",
        "  Say: a red circle",
        "  Draw the poster: a picture of 700 × 350 pixels",
        "  Soften - 'Soften' failed: no.",
    ]
    assert in_words(many(100), REGISTRY, {}, {}).splitlines()[-1] == "  … and 61 more"
