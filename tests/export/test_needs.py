"""What a script says it needs: every package, also those that nobody imports, in words that a shell takes."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.export.script import code_of
from tests.zoo import Zoo


def needed(flow: pf.Flow) -> list[str]:
    """Return what the line for pip at the top of a script names, without versions."""
    head = code_of(flow).partition("\nNeeds:\n")[2].partition('\n"""\n')[0]
    pip, install, *packages = shlex.split(head.replace("\\\n", ""))  # as a shell joins lines
    assert (pip, install) == ("pip", "install")
    assert all(">=" in package for package in packages)
    return [package.partition(">=")[0] for package in packages]


def of(node_type: str, **values: Any) -> pf.Flow:
    flow = pf.Flow("needing")
    node = flow.add(node_type, values, id="node")
    for name in node.outputs:
        flow.output(name, node[name])
    return flow


def test_the_scheduler_of_stable_audio_needs_torchsde() -> None:
    assert "torchsde" in needed(of("text_to_music", prompt="rain", model="stable-audio-open"))
    assert "torchsde" not in needed(of("text_to_music", prompt="rain", model="musicgen"))


@pytest.mark.parametrize(
    ("model", "node_type", "values", "package"),
    [
        ("stable_audio", "text_to_sound", {"prompt": "rain"}, "torchsde"),
        ("llama_gguf", "chat", {"prompt": "hello"}, "gguf"),
        ("marian", "translate", {"text": "hello", "target": "German"}, "sentencepiece"),
    ],
)
def test_models_that_are_here_say_what_they_need(
    zoo: Zoo, model: str, node_type: str, values: dict[str, Any], package: str
) -> None:
    assert package in needed(of(node_type, model=str(zoo(model)), **values))


def test_a_sound_among_several_outputs_is_written_by_soundfile() -> None:
    flow = of("text_to_music", prompt="rain", model="musicgen")
    flow.output("words", flow.add("prompt", text="rain")["text"])
    assert "soundfile" in needed(flow)


def test_a_script_that_needs_nothing_says_nothing() -> None:
    assert "Needs" not in code_of(of("prompt", text="rain"))
