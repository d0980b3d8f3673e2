from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.export.diagram import mermaid_of, svg_of
from pixelflow_widgets.export.diagram.layout import lay_out
from pixelflow_widgets.export.diagram.shapes import COLOURS, DARK
from pixelflow_widgets.export.diagram.sheet import in_detail
from pixelflow_widgets.export.diagram.words import fitted, value_words, width_of, wrapped
from tests.flow.sample_types import REGISTRY
from tests.flow.strategies import JSON, documents, examples
from tests.widget.test_picture import HOSTILE, SVG, cards, edges, flow, many, words

NODE = re.compile(r'  (\w+)(\[\[|\[\(|\(\[|\{\{|\[|\{|>)"([^"]*)"(?:\]\]|\)\]|\]\)|\}\}|\]|\}):::(\w+)\Z')
EDGE = re.compile(r'  (\w+) -->(?:\|"([^"]+)"\|)? (\w+)\Z')
STYLE = re.compile(r"  classDef (\w+) (?:stroke:#\w{6},stroke-width:2px|stroke-dasharray:5 4)\Z")


def drawn(document: Any, registry: Any = REGISTRY) -> ET.Element:
    return ET.fromstring(svg_of(document, registry))


def with_subflow(**nodes: Any) -> dict[str, Any]:
    """A flow that holds another one, "poster", of two nodes."""
    inner = flow(
        nodes={key: flow()["nodes"][key] for key in ("draw", "blur")},
        edges=[{"from": "draw.image", "to": "blur.image"}],
        inputs=[{"name": "prompt", "type": "text", "feeds": ["draw.prompt"]}],
    )
    return flow(nodes=nodes, edges=[], inputs=[], outputs=[], subflows={"poster": {"document": inner}})


def everything() -> dict[str, Any]:
    """A flow with every kind of node: muted, pinned, not installed here, a subflow."""
    document = with_subflow(
        **flow()["nodes"],
        quiet={"type": "tests.soften", "values": {}, "muted": True, "pinned": {"key": "k"}},
        lost={"type": "elsewhere.make_film", "values": {"fps": 24}},
        poster={"type": "flow/poster", "values": {}},
        again={"type": "repeat/poster", "values": {"times": 4}},
    )
    wires = [("blur.image", "quiet.image"), ("quiet.image", "lost.frames"), ("ask.text", "poster.prompt")]
    document["edges"] = flow()["edges"] + [{"from": start, "to": end} for start, end in wires]
    return document | {"inputs": flow()["inputs"], "outputs": [{"name": "film", "from": "lost.video"}], "layout": {}}


# SVG


def test_the_drawing_is_the_picture_of_a_saved_notebook_without_results() -> None:
    root = drawn(flow())
    assert {key: words(card)[0] for key, card in cards(root).items()} == {
        "ask": "Say", "draw": "Draw the poster", "blur": "Soften"
    }  # fmt: skip
    assert len(edges(root)) == 4
    assert words(root)[:2] == ["poster", "3 nodes"]
    assert {"INPUTS", "OUTPUTS", "Seed", "7", "Picture"} <= set(words(root))


def test_every_node_and_every_edge_is_drawn_once() -> None:
    document = everything()
    root = drawn(document)
    groups = [group.get("data-node") for group in root.iter(f"{SVG}g") if group.get("class") == "pixelflow-node"]
    assert sorted(map(str, groups)) == sorted(document["nodes"])
    paths = [edge.get("d") for edge in edges(root)]
    assert len(paths) == len(set(paths)) == len(document["edges"]) + 2


def test_it_needs_nothing_from_elsewhere_and_has_its_own_size() -> None:
    svg = svg_of(everything(), REGISTRY)
    root = ET.fromstring(svg)
    assert (root.get("viewBox") or "").split()[2:] == [root.get("width"), root.get("height")]
    assert not re.findall(r"@import|@font-face|href=|url\((?!#)", svg)
    assert svg.count("http") == 1, "the name of SVG itself"
    assert (root.get("font-family") or "").endswith("sans-serif")


def test_every_colour_has_a_dark_one_and_the_rules_stay_inside_the_drawing() -> None:
    svg = svg_of(everything(), REGISTRY)
    style = re.findall(r"<style>(.*)</style>", svg)[0]
    assert style.startswith("@media (prefers-color-scheme:dark){")
    scope = ET.fromstring(svg).get("id")
    rules = re.findall(r'([^{}]+) \[([\w-]+)="(#\w{6})"\]\{([\w-]+):(#\w{6})\}', style)
    assert {rule[0].partition("{")[2] or rule[0] for rule in rules} == {f"#{scope}"}
    assert {(rule[1], rule[2]): rule[4] for rule in rules if rule[1] == rule[3]}.items() >= {
        (("fill", light), dark) for light, dark in DARK.items()
    }
    used = set(re.findall(r'(?:fill|stroke|stop-color)="(#\w+)"', svg.replace(style, "")))
    assert used <= set(DARK), "a colour without a dark one would stay as it is"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_colours_of_media_are_those_of_the_page(theme: str) -> None:
    tokens = (Path(__file__).parents[2] / "js" / "src" / "theme" / "tokens.css").read_text(encoding="utf-8")
    of_page = dict(re.findall(r"--pf-(\w+): (#\w{6});", tokens.split(f'data-pf-theme="{theme}"')[1].split("}")[0]))
    assert (
        of_page.items()
        >= {medium: colour if theme == "light" else DARK[colour] for medium, colour in COLOURS.items()}.items()
    )


def test_a_flow_and_the_same_flow_read_from_its_file_give_the_same_bytes(tmp_path: Path) -> None:
    with pf.Flow("same") as made:
        text = pf.nodes.prompt(text=made.input("text", "hello"))
        made.output("text", text)
        pf.nodes.note(text="the last is the first by name")
    loaded = pf.Flow.load(made.save(tmp_path / "same.flow.json"))
    assert loaded.to_svg() == made.to_svg() == made.to_svg()
    assert loaded.to_mermaid() == made.to_mermaid()


def test_subflows_stand_on_two_more_cards_and_say_how_large_they_are() -> None:
    found = cards(drawn(with_subflow(one={"type": "flow/poster", "values": {}}, two=flow()["nodes"]["ask"])))
    assert words(found["one"])[:2] == ["Poster", "Subflow of 2 nodes"]
    plain, held = (
        sum(rect.get("width") != "252" and rect.get("fill") == "#ffffff" for rect in found[key].iter(f"{SVG}rect"))
        for key in ("two", "one")
    )
    assert (plain, held) == (0, 2)


def test_muted_nodes_say_so_and_show_what_they_pass_on() -> None:
    document = flow()
    before = cards(drawn(document))["blur"]
    document["nodes"]["blur"]["muted"] = True
    card = cards(drawn(document))["blur"]
    assert "muted" in words(card) and "muted" not in words(before)
    dashes = [group for group in card.iter(f"{SVG}g") if group.get("stroke-dasharray")]
    (way,) = [path.get("d") or "" for group in dashes for path in group]
    assert way.startswith("M0 63C") and way.endswith(" 252 115"), "from one image to the other"


def test_pinned_nodes_bear_a_pin() -> None:
    document = flow()
    strokes = len(list(cards(drawn(document))["blur"].iter(f"{SVG}path")))
    document["nodes"]["blur"]["pinned"] = {"key": "k"}
    assert len(list(cards(drawn(document))["blur"].iter(f"{SVG}path"))) == strokes + 1


def test_a_type_that_is_not_installed_is_a_dashed_placeholder_with_the_ports_that_edges_tell_of() -> None:
    card = cards(drawn(everything()))["lost"]
    assert words(card) == ["Elsewhere make film", "not installed here", "Frames", "Fps", "24", "Video"]
    assert [rect for rect in card.iter(f"{SVG}rect") if rect.get("stroke-dasharray") == "5 4"]


def test_long_words_take_as_many_lines_as_their_field_in_the_editor() -> None:
    said = "The printer wants a margin of three millimetres on every side of the sheet. " * 20
    nodes = {"note": {"type": "note", "values": {"text": said}}}
    card = cards(drawn(flow(nodes=nodes, edges=[], inputs=[], outputs=[]), pf.registry))["note"]
    lines = words(card)[words(card).index("Text") + 1 :]
    assert len(lines) == 5 and lines[-1].endswith("…")


def test_thousand_nodes_are_drawn_in_full_and_ten_thousand_in_short() -> None:
    root = drawn(many(1000))
    assert set(cards(root)) == {f"n{place}" for place in range(1000)}
    assert len(edges(root)) == len(many(1000)["edges"])
    assert "Strength" in words(cards(root)["n1"])
    short = svg_of(many(10_000), REGISTRY)
    assert len(short) < 12_000_000
    assert set(words(cards(ET.fromstring(short))["n9999"])) == {"Node 9999"}


def test_a_flow_without_nodes_says_so() -> None:
    empty = flow(nodes={}, edges=[], inputs=[], outputs=[])
    assert "This flow has no nodes yet." in words(drawn(empty))
    assert "This flow has no nodes yet." in mermaid_of(empty, REGISTRY)


@examples(60)
@given(title=HOSTILE, value=HOSTILE | JSON, name=HOSTILE, port=HOSTILE)
def test_whatever_titles_and_values_hold_stays_text(title: str, value: Any, name: str, port: str) -> None:
    document = flow(name=name)
    document["nodes"]["draw"] |= {"title": title, "values": {"prompt": value, "blend": value, port: value}}
    document["nodes"]["blur"] = {"type": title or "x", "values": {port: value}}
    document["inputs"][0] |= {"title": title, "default": value, "type": port}
    root = drawn(document)
    assert set(cards(root)) == {"ask", "draw", "blur"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "style", "title", "pattern", "circle", "rect", "g", "path", "text", "linearGradient", "stop"
    }  # fmt: skip
    assert not [key for element in root.iter() for key in element.keys() if key.startswith("on")]  # noqa: SIM118
    assert read(mermaid_of(document, REGISTRY))[0].keys() == {
        "input_seed", "node_ask", "node_draw", "node_blur", "output_picture"
    }  # fmt: skip


@examples(40)
@given(documents())
def test_documents_of_any_kind_are_drawn(document: dict[str, Any]) -> None:
    assert len(cards(drawn(document))) == len(document["nodes"])
    nodes, wires = read(mermaid_of(document, REGISTRY))
    assert len([key for key in nodes if key.startswith("node_")]) == len(document["nodes"])
    assert {end for wire in wires for end in wire[:2]} <= nodes.keys()


# Mermaid


def plain(label: str) -> str:
    """Return what a label reads as: Mermaid's entities are those of HTML, with # for &."""
    assert not re.search(r"[\"<>&`\\]|:(?! )|%[%{]|\$\$", label)
    names = re.sub(r"#(quot|amp|lt|gt);", r"&\1;", label)
    return html.unescape(re.sub(r"#(\d+);", r"&#\1;", names))


def read(text: str) -> tuple[dict[str, tuple[str, str]], list[tuple[str, str, str]]]:
    """Return the nodes (id → bracket, words) and the edges (from, to, words); fails at any line that is neither."""
    remark, kind, *lines = text.splitlines()
    assert remark.startswith("%% ") and "{" not in remark and kind == "flowchart LR"
    nodes, wires, looks, used = {}, [], set(), set()
    for line in lines:
        if match := NODE.match(line):
            nodes[match[1]] = (match[2], plain(match[3]))
            used.add(match[4])
        elif match := EDGE.match(line):
            wires.append((match[1], match[3], plain(match[2] or "")))
        else:
            match = STYLE.match(line)
            assert match or line == '  empty(["This flow has no nodes yet."])', line
            looks |= {match[1]} if match else set()
    assert used == looks
    return nodes, wires


def test_nodes_are_shaped_by_what_they_are_and_stand_from_the_start_to_the_end() -> None:
    nodes, _ = read(mermaid_of(everything(), REGISTRY))
    assert list(nodes.items()) == [
        ("input_seed", ("([", "Seed")),
        ("node_again", ("[[", "Repeat Poster (Subflow of 2 nodes)")),
        ("node_ask", ("[", "Say")),
        ("node_draw", ("[", "Draw the poster (Paint)")),
        ("node_poster", ("[[", "Poster (Subflow of 2 nodes)")),
        ("node_blur", ("[", "Soften")),
        ("node_quiet", ("[", "Soften (muted)")),
        ("node_lost", ("{{", "Elsewhere make film (not installed here)")),
        ("output_film", ("([", "Film")),
    ]


def test_models_choices_and_notes_have_shapes_of_their_own() -> None:
    kinds = ("add_lora", "switch", "choose", "note")
    document = flow(nodes={kind: {"type": kind, "values": {}} for kind in kinds}, edges=[], inputs=[], outputs=[])
    document["nodes"]["note"]["values"]["text"] = "Ask Anna\nabout the paper."
    nodes, _ = read(mermaid_of(document, pf.registry))
    assert [nodes[f"node_{kind}"] for kind in kinds] == [
        ("[(", "Add LoRA"), ("{", "Switch"), ("{", "Choose"), (">", "Ask Anna about the paper.")
    ]  # fmt: skip


def test_edges_have_words_only_where_the_name_of_a_port_tells_something() -> None:
    document = flow(inputs=[{"name": "softness", "type": "float", "feeds": ["blur.amount", "draw.strength"]}])
    document["nodes"] |= {
        "size": {"type": "tests.measure", "values": {}},
        "again": {"type": "tests.paint", "values": {}},
    }
    document["edges"] += [{"from": "blur.image", "to": "size.image"}, {"from": "size.width", "to": "again.steps"}]
    document["outputs"] += [{"name": "width", "from": "size.width"}, {"name": "tall", "from": "size.height"}]
    _, wires = read(mermaid_of(document, REGISTRY))
    assert wires == [
        ("node_ask", "node_draw", "Prompt"),
        ("node_draw", "node_blur", ""),
        ("node_blur", "node_size", ""),
        ("node_size", "node_again", "Width → Steps"),
        ("input_softness", "node_blur", "Amount"),
        ("input_softness", "node_draw", "Strength"),
        ("node_blur", "output_picture", ""),
        ("node_size", "output_width", ""),
        ("node_size", "output_tall", "Height"),
    ]


@examples(100)
@given(
    st.text(max_size=40)
    | HOSTILE
    | st.sampled_from(["%%{init: {}}%%", 'style a:"#', "fa:fa-car", "$$x$$", "a\\nb", "#quot;", "&lt;", "`x`"])
)
def test_titles_are_read_as_they_were_written(title: str) -> None:
    document = flow()
    document["nodes"]["ask"]["title"] = title
    said = " ".join("".join(c if c.isprintable() or c == "\u200d" else " " for c in title).split())
    nodes, _ = read(mermaid_of(document, REGISTRY))
    assert nodes["node_ask"][1] == (f"{said} (Say)" if said not in ("", "Say") else "Say")


def test_long_titles_are_cut() -> None:
    document = flow()
    document["nodes"]["ask"]["title"] = "word " * 100
    said = read(mermaid_of(document, REGISTRY))[0]["node_ask"][1]
    assert said.endswith("… (Say)") and len(said) < 90


@pytest.mark.parametrize("name", ["end", "graph", "style", "default", "o", "x", "click"])
def test_names_that_are_words_of_the_language_name_nodes(name: str) -> None:
    document = flow(nodes={name: flow()["nodes"]["ask"]}, edges=[], outputs=[])
    document["inputs"] = [{"name": name, "type": "text", "feeds": [f"{name}.text"]}]
    nodes, wires = read(mermaid_of(document, REGISTRY))
    assert set(nodes) == {f"input_{name}", f"node_{name}"}
    assert wires == [(f"input_{name}", f"node_{name}", "")]


# Words


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "none"),
        (True, "on"),
        (0.1 + 0.2, "0.3"),
        (1234567, "1234570"),
        (2.0, "2"),
        (-1e-7, "-1e-07"),
        (float("nan"), "nan"),
        ([1, "b"], "1, b"),
        ({"$media": "abc.png"}, "picture"),
        ({"$media": "abc.xyz"}, "file"),
        ({"$model": {"source": "starter"}}, "starter"),
        ({"x": 1}, "…"),
    ],
)
def test_a_value_reads_as_a_few_words(value: Any, said: str) -> None:
    assert value_words(value) == said


@examples(100)
@given(text=st.text(max_size=80), width=st.integers(20, 300), most=st.integers(1, 4))
def test_wrapped_lines_fit_and_lose_nothing_but_the_end(text: str, width: int, most: int) -> None:
    text = " ".join(text.split())
    lines = wrapped(text, width, 12, most)
    assert len(lines) <= most
    assert all(width_of(line, 12) <= width or len(line) <= 2 for line in lines)
    if not lines[-1].endswith("…"):
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_text_that_fits_is_not_cut() -> None:
    assert fitted("Prompt", 100, 12.5) == "Prompt"
    assert fitted("A very long title of a node", 100, 12.5) == "A very long titl…"


def points_of(path: str) -> list[tuple[float, float]]:
    """Return points along a path of cubics and straight lines."""
    found, here = [], (0.0, 0.0)
    for command, places in re.findall(r"([MLC])([^MLC]*)", path):
        numbers = [float(place) for place in places.split()]
        ends = list(zip(numbers[::2], numbers[1::2], strict=True))
        handles = [here, *ends] if command == "C" else [here, here, ends[0], ends[0]]
        for step in range(41) if command != "M" else ():
            at = step / 40
            parts = (1 - at) ** 3, 3 * (1 - at) ** 2 * at, 3 * (1 - at) * at**2, at**3
            x, y = (sum(part * one[side] for part, one in zip(parts, handles, strict=True)) for side in (0, 1))
            found.append((x, y))
        here = ends[-1]
    return found


def test_what_comes_from_a_dock_goes_round_the_cards_on_its_way() -> None:
    made = pf.Flow("long way")
    words = [made.input(name, name) for name in ("first", "second")]
    near = made.add("prompt", text="near", position=(0, 0))
    middle = made.add("template", text="{1}", texts=[near["text"]], position=(330, 0))
    far = made.add("join_text", texts=[*words, middle["text"]], position=(700, 40))
    made.output("text", far["text"])
    made.output("early", near["text"])
    scene = lay_out(made.document, made.registry)
    paths = re.findall(r'class="pixelflow-edge" d="([^"]+)"', "".join(in_detail(scene)))
    docked = [points_of(path) for path in paths[len(made.edges) :]]
    assert len(docked) == 4
    for x, y in (point for points in docked for point in points):
        assert not any(
            card.x + 1 < x < card.x + card.width - 1 and card.y < y < card.y + card.height for card in scene.cards
        )
        assert -0.1 < y < scene.height + 0.1
