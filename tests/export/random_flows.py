"""Random flows as hands and code make them, with everything that is hard to write as Python."""

from __future__ import annotations

import json
import random
from typing import Any

import pixelflow_widgets as pf
from pixelflow_widgets.errors import PixelFlowError
from pixelflow_widgets.flow.document import Document
from pixelflow_widgets.schema import NodeType, Port

from ..flow.sample_types import join, measure, show

TEXTS = [
    *("", " ", "a red circle", 'it\'s "quoted"', 'says "no"', "back\\slash\\", "\\n is no line", "one\ntwo\n\nthree\n"),
    *(
        "tabs\tand\r\nends",
        "{braces} {0} %s %%",
        "emoji 🙂🏳️‍🌈 漢字 ☃",
        "\x00\x07\x7f",
        "\u2028\ufeff\u200b",
        "# no comment",
    ),
    *("'''", '"""', "ends with space ", "a" * 200, "long words " * 40, "🙂 " * 100, "x\n" * 300, '"' * 120, "\\" * 99),
    *("".join(map(chr, range(32, 300))), "prompt: a | b\nsteps: 1 | 2", "lambda: 0", "None", "0", "flow"),
]
NUMBERS = [0, 1, -1, 3, 255, 2**31, 2**53, 2**53 + 1, 2**63, 2**64 - 1, -(2**63)]
FRACTIONS = [0.0, -0.0, 0.5, 1.0, 1e-7, 1e16, 1.5e300, -3.25, 1 / 3]
WORDS = [
    "draw",
    "Draw",
    "class",
    "flow",
    "pf",
    "list",
    "title",
    "id",
    "größe",
    "名前",
    "a b",
    "It's",
    "x" * 60,
    "2 times",
]
IDS = ["draw", "draw_2", "class", "lambda", "flow", "pf", "input", "Image", "_x", "x_99", "prompt", "list"]
NOTEBOOK = [f"tests.{function.__name__}" for function in (join, measure, show)]
"""Node types that are no functions of ours: a list port, several outputs, none."""
REFERENCE = "0123456789abcdef" * 4
ENDINGS = {"image": "png", "mask": "png", "audio": "audio", "video": "video", "latents": "latents", "table": "table"}
JSON = [None, True, False, 0, 1, 1.0, "", "x", [], {}, [1, [2, {"a": None}]], {"$none": True}, {"a/b~c": {"": 0}}]


def value_of(port: Port, chance: random.Random) -> Any:
    """Return a value that stands in a document for an input: mostly one that fits."""
    if chance.random() < 0.05:
        return chance.choice(JSON)
    if port.type.many and chance.random() < 0.9:
        return [one(port, chance) for _ in range(chance.randrange(4))]
    return one(port, chance)


def one(port: Port, chance: random.Random) -> Any:
    kind = port.type.name
    if port.is_seed and chance.random() < 0.3:
        return "random"
    if port.type.choices:
        return chance.choice(port.type.choices)
    if kind in ENDINGS:
        return {"$media": f"{REFERENCE}.{ENDINGS[kind]}"}
    if kind == "int":
        number = chance.choice(NUMBERS)
        return str(number) if abs(number) > 2**53 - 1 else number
    if kind == "model":
        return chance.choice(["starter", "sdxl", model(chance)])
    if kind == "any":
        return chance.choice([*TEXTS, *FRACTIONS, True, 5])
    return {"float": chance.choice(FRACTIONS), "flag": chance.random() < 0.5}.get(kind, chance.choice(TEXTS))


def model(chance: random.Random) -> dict[str, Any]:
    handle = pf.Model("starter").with_options(scheduler="Euler a", variant=chance.choice(["fp16", None]))
    for place in range(chance.randrange(3)):
        kind = chance.choice(["lora", "ip_adapter"])
        corners = [(0, 1), (0.5, 0.25)] if chance.random() < 0.5 else []
        handle = handle.with_adapter(f"ink {place}.safetensors", chance.choice([1, 0.8]), kind=kind, schedule=corners)
    return {"$model": json.loads(handle.as_json())}


class Making:
    """Makes a flow by random edits; what the flow refuses is not done.

    Args:
        flow: An empty flow.
        chance: What is drawn.
        depth: How many flows it may have inside each other.
    """

    def __init__(self, flow: pf.Flow, chance: random.Random, depth: int = 2) -> None:
        self.flow, self.chance, self.depth = flow, chance, depth

    def make(self, edits: int) -> None:
        """Do so many edits."""
        steps = [self.add] * 5 + [self.connect] * 5 + [self.input, self.output, self.field, self.settle, self.move]
        steps += [self.subflow, self.unknown, self.shuffle]
        for _ in range(edits):
            try:
                self.chance.choice(steps)()
            except (PixelFlowError, KeyError, IndexError):
                continue

    def any_node(self) -> str:
        return self.chance.choice(list(self.flow.document["nodes"]))

    def add(self) -> None:
        types = [each for each in self.flow.types if "." not in each.name or each.name in NOTEBOOK]
        bodies = [each for each in types if each.body is not None]
        node_type = self.chance.choice(bodies if bodies and self.chance.random() < 0.4 else types)
        values = {
            name: value_of(port, self.chance)
            for name, port in node_type.inputs.items()
            if self.chance.random() < (0.7 if port.required else 0.3)
        }
        self.put(node_type, values)

    def put(self, node_type: NodeType, values: dict[str, Any]) -> None:
        """Place a node as a page does: what is set stands in the document as it comes."""
        key = self.chance.choice(IDS) if self.chance.random() < 0.2 else self.flow._free_id(node_type.name)
        entry: dict[str, Any] = {"type": node_type.name, "type_version": node_type.version, "values": values}
        if self.chance.random() < 0.2:
            entry["title"] = self.chance.choice(WORDS)
        place = [self.chance.choice([0, 340, 340.5, -20]), self.chance.choice([0, 96, 200.25])]
        self.flow.apply([{"op": "add_node", "id": key, "node": entry, "position": place}])

    def connect(self) -> None:
        source, target = self.flow.nodes[self.any_node()], self.flow.nodes[self.any_node()]
        output = self.chance.choice(list(source.outputs))
        names = [name for name in target.inputs if name not in target.entry["values"] or self.chance.random() < 0.1]
        self.flow.connect(source[output], target.inputs[self.chance.choice(names)])

    def input(self) -> None:
        node = self.flow.nodes[self.any_node()]
        port = node.node_type.inputs[self.chance.choice(list(node.inputs))]
        entry: dict[str, Any] = {"name": self.chance.choice(IDS), "type": port.type.describe(), "feeds": []}
        if self.chance.random() < 0.6:
            entry["default"] = value_of(port, self.chance)
        if port.type.name in ("int", "float") and self.chance.random() < 0.5:
            entry["limits"] = {"min": 0, "max": self.chance.choice([8, 0.5, 2**60])}
        for field in ("title", "help"):
            if self.chance.random() < 0.3:
                entry[field] = self.chance.choice(TEXTS)
        if self.chance.random() < 0.2:
            entry |= {"affects_cost": True, "later/on": [1]}
        self.flow.apply([{"op": "add_input", "input": entry}])
        fed = self.flow.inputs[entry["name"]]
        self.flow.connect(fed, node.inputs[port.name])
        other = self.flow.nodes[self.any_node()]
        self.flow.connect(fed, other.inputs[self.chance.choice(list(other.inputs))])

    def output(self) -> None:
        node = self.flow.nodes[self.any_node()]
        entry = {"name": self.chance.choice(IDS), "from": str(node[self.chance.choice(list(node.outputs))])}
        title = {"title": self.chance.choice(TEXTS)} if self.chance.random() < 0.3 else {}
        self.flow.apply([{"op": "add_output", "output": {**entry, **title}}])

    def field(self) -> None:
        """Set what no verb sets."""
        name, value = self.chance.choice(["later", "groups", "x/y", "title", "sources"]), self.chance.choice(JSON)
        node = self.any_node()
        places = {
            name: "a text" if name == "title" else value,
            f"nodes/{node}/note": value,
            f"nodes/{node}/values/gone": value,
            f"nodes/{node}/pinned": {"key": "k" * 100, "settings": "s"},
            f"nodes/{node}/type_version": 7,
            "layout/viewport": value,
            "layout/positions/ghost": [1, 2],
        }
        place = self.chance.choice(list(places))
        self.flow.amend({place.replace("x/y", "x~1y"): places[place]})

    def settle(self) -> None:
        node = self.any_node()
        self.chance.choice([lambda: self.flow.mute(node), lambda: self.flow.set_limit(node, 2.5)])()

    def move(self) -> None:
        place = self.chance.choice([(1, 2), (0.5, 1e6), None])
        self.flow.arrange({self.any_node(): place})

    def shuffle(self) -> None:
        """Put edges and feeds into the order in which hands have made them."""
        document = self.flow.document
        edges = self.chance.sample(document["edges"], len(document["edges"]))
        inputs = [
            {**each, "feeds": self.chance.sample(each["feeds"], len(each["feeds"]))} for each in document["inputs"]
        ]
        self.flow.amend({"edges": edges, "inputs": inputs})

    def subflow(self) -> None:
        if self.depth and len(self.flow.subflows) < 2:
            body = self.flow.subflow(self.chance.choice(["poster", "flow", "prompt", "class"]))
            Making(body, self.chance, self.depth - 1).make(12)
            if self.chance.random() < 0.5:
                place = f"subflows/{body.name}"
                self.flow.amend({f"{place}/source": "poster.flow.json", f"{place}/digest": "d" * 64})

    def unknown(self) -> None:
        """Place a node of a type that is not installed, and connect it."""
        values = {self.chance.choice(["strength", "class", "a b", "id"]): self.chance.choice(JSON)}
        node = self.flow.placeholder(f"elsewhere.{self.chance.choice(['sharpen', 'a b', ''])}", values, version=2)
        self.flow.connect(node["image"], self.flow.nodes["resize_image"].inputs["image"])


def random_document(chance: random.Random, edits: int = 40) -> Document:
    """Return the document of a random flow of the built-in nodes."""
    flow = pf.Flow(chance.choice(["poster", "", 'It\'s "one"', "名前\n", "x " * 60]))
    Making(flow, chance).make(edits)
    return flow.document
