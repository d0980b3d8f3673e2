"""A signature becomes ports; what cannot become one is refused with the words to write instead."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.controls import Advanced, Choices, Number, Seed, Slider, Text, Upload
from pixelflow_widgets.schema import NodeType, PortType, Registry
from pixelflow_widgets.schema.registry import registry
from pixelflow_widgets.schema.signature import read_docstring, read_node_type


class Speed(enum.Enum):
    SLOW = 1
    FAST = 2


class Halves(NamedTuple):
    left: pf.Image
    right: pf.Image | None


def duotone(
    image: pf.Image,
    hue: Annotated[float, Slider(0, 1), Advanced] = 0.6,
    blend: Literal["multiply", "screen"] = "screen",
    *,
    progress: pf.Progress = pf.Progress(),
    seed: Annotated[int, Seed()] = 0,
    extra: list[pf.Image] | None = None,
) -> pf.Image:
    """Recolour an image with two inks.

    Args:
        hue: Where the first ink sits
            on the colour wheel.
        blend (str): How the inks mix: like paint, or like light.

    Returns:
        image: Not an input's help.
    """
    return image


@pytest.fixture
def made() -> NodeType:
    return read_node_type(duotone)


def test_every_parameter_but_progress_is_an_input(made: NodeType) -> None:
    assert list(made.inputs) == ["image", "hue", "blend", "seed", "extra"]
    assert made.progress == "progress"


def test_an_input_without_a_default_is_required(made: NodeType) -> None:
    assert [name for name, port in made.inputs.items() if port.required] == ["image"]
    assert [name for name, port in made.inputs.items() if port.optional] == ["extra"]


def test_annotated_adds_a_control_and_does_not_retype(made: NodeType) -> None:
    hue = made.inputs["hue"]
    assert (hue.type, hue.control, hue.advanced) == (PortType("float"), Slider(0, 1), True)
    assert made.inputs["blend"].control == Choices(("multiply", "screen"))
    assert made.inputs["image"].control == Upload()


def test_a_control_inside_an_optional_is_found() -> None:
    def f(
        a: Annotated[int, Slider(1, 3)] | None = None,
        b: Annotated[int | None, Slider(1, 3)] = None,
        c: Annotated[list[str], Text(lines=9)] = [],  # noqa: B006
    ) -> str:
        return ""

    inputs = read_node_type(f).inputs
    assert inputs["a"].control == inputs["b"].control == Slider(1, 3)
    assert inputs["a"].optional and inputs["b"].optional
    assert inputs["c"].control == Text(lines=9)


def test_the_docstring_becomes_help(made: NodeType) -> None:
    assert made.help == "Recolour an image with two inks."
    assert made.inputs["hue"].help == "Where the first ink sits on the colour wheel."
    assert made.inputs["blend"].help == "How the inks mix: like paint, or like light."
    assert made.inputs["image"].help == ""


@pytest.mark.parametrize("text", ["", "One line.", "Args:\n  x: y", "First.\n\nArgs:\n    not a name: text\n  :\n"])
def test_any_docstring_can_be_read(text: str) -> None:
    first, helps = read_docstring(text)
    assert first == (text.splitlines() or [""])[0]
    assert all(isinstance(value, str) for value in helps.values())


def test_a_single_output_is_named_after_its_value(made: NodeType) -> None:
    def several() -> list[float]:
        return []

    def maybe() -> pf.Audio | None:
        return None

    assert list(made.outputs) == ["image"]
    assert list(read_node_type(several).outputs) == ["numbers"]
    assert read_node_type(maybe).outputs["audio"].optional


def test_a_named_tuple_gives_several_outputs() -> None:
    def split(image: pf.Image) -> Halves: ...  # type: ignore[empty-body]

    made = read_node_type(split)
    assert {name: port.type.name for name, port in made.outputs.items()} == {"left": "image", "right": "image"}
    assert made.many_outputs is Halves
    image = PIL.Image.new("RGB", (2, 2))
    assert made.shape.unpack(Halves(image, None)) == {"left": image, "right": None}
    with pytest.raises(pf.MediaError, match="A PIL image is wanted"):
        made.shape.unpack(Halves(None, image))  # type: ignore[arg-type]
    with pytest.raises(pf.MediaError, match="returned 1 values; it declares 2"):
        made.shape.unpack((image,))


def test_nothing_is_returned_by_a_node_that_only_does_something() -> None:
    def shout(text: str) -> None: ...

    made = read_node_type(shout)
    assert made.outputs == {}
    assert made.shape.unpack(None) == {}


def test_postponed_annotations_find_types_that_are_local_to_a_function() -> None:
    class Local(NamedTuple):
        first: pf.Image
        second: str

    Mood = Literal["calm", "wild"]

    @pf.node
    def paint(mood: Mood = "calm") -> Local:  # the module postpones annotations: this is the text "Local"
        return Local(PIL.Image.new("L", (1, 1)), mood)

    made = paint.node_type  # type: ignore[attr-defined]
    assert list(made.outputs) == ["first", "second"]
    assert made.inputs["mood"].type.choices == ("calm", "wild")


def test_the_types_of_a_local_named_tuple_may_be_local_too() -> None:
    Picture = pf.Image

    class Local(NamedTuple):
        first: Picture  # type: ignore[valid-type]

    @pf.node
    def paint() -> Local: ...  # type: ignore[empty-body]

    assert paint.node_type.outputs["first"].type.name == "image"  # type: ignore[attr-defined]


def test_progress_may_be_optional() -> None:
    def f(progress: pf.Progress | None = None) -> str:
        return ""

    made = read_node_type(f)
    assert made.progress == "progress"
    assert not made.inputs


def test_options_that_are_no_text_travel_as_text_and_arrive_as_they_were() -> None:
    seen: list[Any] = []

    def f(speed: Speed = Speed.SLOW, factor: Literal[2, 4] = 2, many: list[Speed] | None = None) -> str:
        """Remembers."""
        seen.append((speed, factor, many))
        return ""

    made = read_node_type(f)
    assert made.inputs["speed"].type.choices == ("1", "2")
    assert made.inputs["speed"].default == "1"
    assert made.inputs["factor"].check(4) == "4"
    made.function(speed="2", factor="4", many=["1", "2"])
    made.function(Speed.FAST, factor=2)
    assert seen == [(Speed.FAST, 4, [Speed.SLOW, Speed.FAST]), (Speed.FAST, 2, None)]
    assert json.dumps(made.describe())


def refused_functions() -> dict[str, Callable[..., Any]]:
    def untyped(image) -> str: ...  # type: ignore[no-untyped-def, empty-body]
    def keywords(**options: str) -> str: ...  # type: ignore[empty-body]
    def stars(*images: pf.Image) -> str: ...  # type: ignore[empty-body]
    def positional(text: str, /) -> str: ...  # type: ignore[empty-body]
    def no_result(text: str): ...  # type: ignore[no-untyped-def]
    def bad_type(data: bytes) -> str: ...  # type: ignore[empty-body]
    def bad_result() -> dict[str, int]: ...  # type: ignore[empty-body]
    def nested(texts: list[list[str]]) -> str: ...  # type: ignore[empty-body]
    def unknown_name(text: Textt) -> str: ...  # type: ignore[name-defined, empty-body] # noqa: F821
    def no_annotation(text: "1 +") -> str: ...  # type: ignore[valid-type, empty-body] # noqa: F722
    def wrong_default(steps: int = "many") -> str: ...  # type: ignore[assignment, empty-body]
    def outside(steps: Annotated[int, Slider(1, 5)] = 9) -> str: ...  # type: ignore[empty-body]
    def no_choice(blend: Literal["a", "b"] = "c") -> str: ...  # type: ignore[assignment, empty-body]
    def none_default(steps: int = None) -> str: ...  # type: ignore[assignment, empty-body] # noqa: RUF013
    def surrogate(text: str = "\ud800") -> str: ...  # type: ignore[empty-body]

    return {name: function for name, function in locals().items() if callable(function)}


SENTENCES = {
    "untyped": "untyped(): parameter 'image' has no type, so it cannot become a port. Write image: Image, say.",
    "keywords": "keywords(): parameter 'options' is **options, and a port needs a name. Write each parameter out.",
    "stars": "stars(): parameter 'images' is *images, and a port needs a name. Write each parameter out.",
    "positional": "positional(): parameter 'text' has no name for its caller",
    "no_result": "no_result() does not say what it returns. Write -> Image, say, or -> None for nothing.",
    "bad_type": "bad_type(): parameter 'data': bytes does not travel on edges. Use one of: str, int,",
    "bad_result": "bad_result(): its result: dict[str, int] does not travel on edges.",
    "nested": "lists do not nest. Write list[str].",
    "unknown_name": "unknown_name(): name 'Textt' is not defined. Define or import the type before the function.",
    "no_annotation": "no_annotation(): an annotation is not a type",
    "wrong_default": "has a default that does not fit: A whole number is wanted here; this is str",
    "outside": "has a default that does not fit: 9 is more than the largest value allowed, 5.",
    "no_choice": "has a default that does not fit: 'c' is not one of a, b.",
    "none_default": "parameter 'steps' has None as its default and does not take it. Write steps: … | None.",
    "surrogate": "half a character",
}


@pytest.mark.parametrize("name", SENTENCES)
def test_a_function_that_cannot_become_a_node_says_why(name: str) -> None:
    with pytest.raises(pf.NodeTypeError) as caught:
        read_node_type(refused_functions()[name])
    assert SENTENCES[name] in str(caught.value)


def test_every_refused_function_has_its_sentence() -> None:
    assert set(SENTENCES) == set(refused_functions())


def test_a_node_function_stays_callable() -> None:
    @pf.node(title="Shouting", version=3, pure=False, where="kernel")
    def shout(text: str, times: int = 1) -> str:
        """Speaks up."""
        return text.upper() * times

    assert shout("a", times=2) == "AA"
    assert shout.__name__ == "shout" and shout.__doc__ == "Speaks up."
    made = shout.node_type  # type: ignore[attr-defined]
    assert (made.title, made.version, made.pure, made.where) == ("Shouting", 3, False, "kernel")
    assert registry[made.name] is made


def test_a_type_is_named_after_where_it_was_written() -> None:
    names = {}
    for module in ("__main__", "pixelflow_widgets.nodes.image", "other.deep.module"):
        space = {"__name__": module, "pf": pf}
        exec("def f(text: str) -> str: return text", space)
        names[module] = read_node_type(space["f"]).name
    assert names == {"__main__": "notebook.f", "pixelflow_widgets.nodes.image": "f", "other.deep.module": "other.f"}


def test_a_port_describes_itself_as_json(made: NodeType) -> None:
    described = json.loads(json.dumps(made.describe()))
    assert described["inputs"][0] == {
        "name": "image",
        "title": "Image",
        "type": "image",
        "control": {"kind": "upload"},
        "required": True,
    }
    assert described["inputs"][1] == {
        "name": "hue",
        "title": "Hue",
        "type": "float",
        "help": "Where the first ink sits on the colour wheel.",
        "control": {"kind": "slider", "min": 0, "max": 1},
        "default": 0.6,
        "advanced": True,
    }
    assert described["inputs"][4]["optional"] is True
    assert described["inputs"][4]["default"] is None
    assert described["outputs"] == [{"name": "image", "title": "Image", "type": "image"}]


def test_a_port_checks_values_within_its_limits() -> None:
    def f(
        steps: Annotated[int, Slider(1, 5)] = 2,
        numbers: Annotated[list[float], Number(min=0)] = [],  # noqa: B006
        seed: Annotated[int, Seed()] = 0,
        guidance: Annotated[float | None, Slider(0, 20)] = None,
    ) -> str: ...  # type: ignore[empty-body]

    inputs = read_node_type(f).inputs
    assert inputs["steps"].check(5) == 5
    assert inputs["seed"].check("random") == "random"
    assert inputs["seed"].check(str(2**64 - 1)) == 2**64 - 1
    assert inputs["guidance"].check(None) is None
    for name, value in [
        ("steps", 0),
        ("steps", 6),
        ("seed", -1),
        ("seed", 2**64),
        ("guidance", 21),
        ("steps", "random"),
    ]:
        with pytest.raises(pf.MediaError):
            inputs[name].check(value)
    with pytest.raises(pf.MediaError, match="less than the smallest value allowed, 0"):
        read_node_type(f).inputs["guidance"].check(-1)


def test_the_nearest_port_is_named_when_there_is_none(made: NodeType) -> None:
    with pytest.raises(KeyError, match=r"'Duotone' has no input 'hu'. Did you mean 'hue'\? Its inputs: image, hue"):
        made.input("hu")
    with pytest.raises(KeyError, match="has no output 'hue'"):
        made.output("hue")


def test_reading_a_function_adds_nothing_to_a_registry() -> None:
    before = len(registry)
    read_node_type(duotone)
    assert len(registry) == before
    assert len(Registry()) == 0
