"""Random flows with real pipelines: their scripts give what the executor gives, bit for bit, and builders read back."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import PIL.Image
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.export.formatting import faults, formatted
from pixelflow_widgets.flow.handles import OutputPort

from ..flow.strategies import examples
from .scripts import plain, run_script

WORDS = [
    *("a red circle", "", 'say "hi" \\ \n{x}', "🦊 % $HOME '''", "a long prompt " * 12),
    *("many words of one prompt, 🦊 " * 4, "Wortschlange" * 12, "漢字" * 30),
]


class Growing:
    """Grows a flow by one node after the other.

    Args:
        random: Chooses.
        model: Folder of a tiny model.
    """

    def __init__(self, random: Random, model: str, name: str = "random") -> None:
        self.random, self.model = random, model
        self.flow = pf.Flow(name)
        self.pool: dict[str, list[Any]] = {"text": [], "image": [], "int": [], "flag": [], "ints": [], "images": []}
        self.put("text", self.flow.input("prompt", random.choice(WORDS)))
        self.put("int", self.flow.input("amount", random.randint(0, 3)))
        self.paint()

    def put(self, kind: str, port: Any) -> None:
        self.pool[kind].append(port)

    def any(self, kind: str, otherwise: Any) -> Any:
        known = self.pool[kind]
        return self.random.choice(known) if known and self.random.random() < 0.7 else otherwise

    def text(self) -> Any:
        return self.any("text", self.random.choice(WORDS))

    def image(self) -> Any:
        return self.random.choice(self.pool["image"])

    def paint(self) -> None:
        seed = self.any("int", self.random.choice([0, 7, 2**63 + 1]))
        settings: dict[str, Any] = {"model": self.model, "steps": 2, "width": 64, "height": 64, "seed": seed}
        if self.random.random() < 0.4:
            settings["guidance"] = self.random.choice([1.0, 2.5])
            settings["negative_prompt"] = self.text()
        if self.random.random() < 0.3:
            chosen = self.random.choice(["Euler a", "DPM++ 2M Karras", "DDIM"])
            settings["model"] = self.flow.add("set_scheduler", model=self.model, scheduler=chosen)["model"]
        self.put("image", self.flow.add("text_to_image", prompt=self.text(), **settings)["image"])

    def repaint(self) -> None:
        strength = self.random.choice([0.5, 1.0])
        settings: dict[str, Any] = {"model": self.model, "steps": 2, "seed": 3, "strength": strength}
        self.put("image", self.flow.add("image_to_image", image=self.image(), prompt=self.text(), **settings)["image"])

    def change(self) -> None:
        name, values = self.random.choice(
            [
                ("resize_image", {"width": 48, "height": 32}),
                ("rotate", {"angle": self.random.choice([90.0, 12.5]), "mirror": "left to right"}),
                ("adjust_color", {"contrast": 1.5, "hue": 20.0}),
                ("crop", {"width": 20, "height": 20, "place": "center"}),
                ("edges", {}),
            ]
        )
        self.put("image", self.flow.add(name, image=self.image(), **values)["image"])

    def join(self) -> None:
        texts = [self.text() for _ in range(2)]
        texts = [self.flow.add("prompt", text=text)["text"] if isinstance(text, str) else text for text in texts]
        texts = list(dict.fromkeys(texts))  # an output goes into an input once
        self.put("text", self.flow.add("join_text", texts=texts, skip_empty=False)["text"])

    def count(self) -> None:
        numbers = self.flow.add("count_up", start=self.any("int", 1), count=2)["numbers"]
        self.put("int", self.flow.add("count_items", items=numbers)["number"])
        node = self.flow.add("text_to_image", prompt=self.text(), model=self.model, steps=2, seed=numbers)
        self.put("images", node["images" if "images" in node.outputs else "image"])

    def sheet(self) -> None:
        pictures = self.any("images", None)
        if pictures is None:
            pictures = list(dict.fromkeys([self.image(), self.image()]))
        self.put("image", self.flow.add("contact_sheet", images=pictures, size=32)["image"])

    def compare(self) -> None:
        first = self.any("int", 2)
        self.put("flag", self.flow.add("compare_values", first=first, second=1.0)["flag"])

    def switch(self) -> None:
        condition = self.any("flag", self.random.random() < 0.5)
        kind = self.random.choice(["text", "image"])
        on, off = (self.random.choice(self.pool[kind]) for _ in range(2))
        self.put(kind, self.flow.add("switch", condition=condition, on=on, off=off)["value"])

    def mute(self) -> None:
        node = self.flow.add("rotate", image=self.image(), angle=45.0)
        self.flow.mute(node)
        self.put("image", node["image"])

    def place(self) -> None:
        """Place a flow in the flow: it is grown in the same manner."""
        inner = Growing(self.random, self.model, "inner")
        for step in [*self.random.choices([inner.change, inner.paint], k=2), inner.join]:
            step()
        inner.flow.output("image", inner.pool["image"][-1])
        inner.flow.output("text", inner.pool["text"][-1])
        node = self.flow.add(inner.flow, prompt=self.text(), amount=self.any("int", 2))
        self.put("image", node["image"])
        self.put("text", node["text"])

    def grown(self, steps: int) -> pf.Flow:
        ways: list[Callable[[], None]] = [
            *(self.paint, self.repaint, self.change, self.change, self.join, self.join, self.count, self.sheet),
            *(self.compare, self.switch, self.switch, self.mute, self.place),
        ]
        for way in self.random.choices(ways, k=steps):
            way()
        for kind in ("text", "image", "images", "flag", "int"):
            ports = [port for port in self.pool[kind] if isinstance(port, OutputPort)]
            if ports:
                self.flow.output(f"last_{kind}", ports[-1])
        return self.flow


@pytest.mark.soak
@examples(12)
@given(st.integers(0, 2**32), st.integers(2, 7))
def test_a_script_gives_what_the_executor_gives(tiny_model: Path, seed: int, steps: int) -> None:
    flow = Growing(Random(seed), str(tiny_model)).grown(steps)
    script = flow.to_script()
    assert faults(script) == ""
    assert formatted(script) == script
    assert flow.to_script() == script
    assert pf.Flow.from_script(script).document == flow.document
    result = flow.run(backend="inline")
    expected = {name: plain(result[name]) for name in result}
    with tempfile.TemporaryDirectory() as folder:
        made = run_script(script, Path(folder))
    assert made == (next(iter(expected.values())) if len(expected) == 1 else expected)


@pytest.mark.soak
@examples(12)
@given(st.integers(0, 2**32), st.integers(2, 9))
@example(405, 6)  # with a subflow, two flows stand among the builder's names
def test_a_builder_reads_back_to_an_equal_document_both_ways(seed: int, steps: int) -> None:
    flow = Growing(Random(seed), "starter").grown(steps)
    source = flow.to_builder()
    assert pf.Flow.from_builder(source).document == flow.document
    space: dict[str, Any] = {"PIL": PIL.Image}
    exec(compile(source, "builder.py", "exec"), space)
    assert space["flow"].document == flow.document
