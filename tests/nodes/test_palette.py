"""What holds for every built-in node type."""

from __future__ import annotations

import inspect

import pixelflow_widgets as pf
from pixelflow_widgets import nodes
from pixelflow_widgets.schema import registry


def test_the_list_of_the_package_is_the_palette() -> None:
    built_in = {node_type.name for node_type in registry if "." not in node_type.name}
    assert set(nodes.__all__) == built_in


def test_every_node_type_and_every_input_has_help() -> None:
    for name in nodes.__all__:
        node_type = registry[name]
        assert node_type.help.endswith("."), name
        for port in node_type.inputs.values():
            assert port.help, f"{name}.{port.name}"


def test_every_default_fits_its_port() -> None:
    flow = pf.Flow("defaults")
    for name in nodes.__all__:
        flow.add(name)
    assert {problem.code for problem in flow.problems()} <= {"missing-input", "missing-model"}


def test_values_and_prompts_pass_through() -> None:
    assert pf.nodes.prompt(text="hello") == "hello"
    assert pf.nodes.number(value=1.5) == 1.5
    assert pf.nodes.seed(value=2**64 - 1) == 2**64 - 1
    assert pf.nodes.note(text="remark") is None


def test_no_input_is_called_what_adding_a_node_calls_its_own() -> None:
    parameters = inspect.signature(pf.Flow.add).parameters.values()
    own = {parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY}
    assert [(name, port) for name in nodes.__all__ for port in registry[name].inputs if port in own] == []
