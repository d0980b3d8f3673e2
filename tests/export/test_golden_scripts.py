"""Three scripts that stand in the repository, beside what a person would have written."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.export.formatting import faults
from pixelflow_widgets.export.script import code_of

GOLDEN = Path(__file__).parent / "golden"
LORA = "ostris/ikea-instructions-lora-sdxl/ikea_instructions_xl_v1_5.safetensors"
POSTER = (
    "travel poster of a lighthouse on a basalt cliff, flat screen-print colours, thick grain, "
    "limited palette of teal and rust"
)


def poster() -> pf.Flow:
    """One picture: a model, a LoRA, a scheduler."""
    flow = pf.Flow("poster")
    prompt = flow.input("prompt", POSTER, help="What the poster shows.")
    seed = flow.input("seed", 1234567890, help="The same seed gives the same poster.")
    styled = flow.add("add_lora", model="sdxl", lora=LORA, weight=0.8)["model"]
    model = flow.add("set_scheduler", model=styled, scheduler="DPM++ 2M Karras")["model"]
    painted = flow.add(
        "text_to_image",
        model=model,
        prompt=prompt,
        negative_prompt="photo, watermark, text",
        seed=seed,
        guidance=6.5,
    )
    flow.output("poster", painted["image"])
    return flow


def styles() -> pf.Flow:
    """Two pictures that share a model, of which one wears a LoRA."""
    flow = pf.Flow("styles")
    prompt = flow.input("prompt", "a red fox in fresh snow, soft morning light", help="What both pictures show.")
    seed = flow.input("seed", 7, help="The same seed gives the same pictures.")
    plain = flow.add("text_to_image", model="sdxl", prompt=prompt, seed=seed, title="Plain")
    styled = flow.add("add_lora", model="sdxl", lora=LORA, weight=0.8)["model"]
    drawn = flow.add("text_to_image", model=styled, prompt=prompt, seed=seed, title="Styled")
    flow.output("plain", plain["image"])
    flow.output("styled", drawn["image"])
    return flow


def music() -> pf.Flow:
    """A sound, of a model of transformers."""
    flow = pf.Flow("music")
    prompt = flow.input("prompt", "slow piano, rain", help="What it sounds like.")
    flow.output("music", flow.add("text_to_music", prompt=prompt, seed=7)["audio"])
    return flow


def without_versions(code: str) -> str:
    """Return code without the versions of packages, and without what follows from their lengths."""
    head, quotes, rest = code.partition('\n"""\n')
    return " ".join(re.sub(r">=[\w.]+|\\\n", "", head).split()) + quotes + rest


@pytest.mark.parametrize("made", [poster, styles, music])
def test_a_golden_script_is_what_is_written_and_not_much_longer_than_by_hand(made: Callable[[], pf.Flow]) -> None:
    code = code_of(made())
    path = GOLDEN / f"{made.__name__}.py"
    assert faults(code) == ""
    assert without_versions(code) == without_versions(path.read_text()), f"write it anew:\n{code}"
    by_hand = (GOLDEN / f"{made.__name__}_by_hand.py").read_text()
    assert len(code.splitlines()) <= 1.3 * len(by_hand.splitlines())
