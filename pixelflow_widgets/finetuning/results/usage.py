"""The few lines of Python that use a result, for its model card."""

from __future__ import annotations

import json
from pathlib import Path

from ...models.cards import card_of
from .about import About

_SHIPPED = Path(__file__).parents[3]
"""Folder that holds this package, from which the place of the starter is told."""


def by_hand(about: About) -> str:
    """Return code that uses a result without this package, from the folder that it lies in.

    Args:
        about: Says what they are.
    """
    place = "." if about.method == "full" else _base_of(about)
    lines = [
        "from diffusers import DiffusionPipeline",
        "",
        f"pipeline = DiffusionPipeline.from_pretrained({_quoted(place)})",
    ]
    file = f"{about.name}.safetensors"
    if about.method == "lora":
        lines.append(f'pipeline.load_lora_weights(".", weight_name={_quoted(file)})')
    if about.method == "prompt" and about.base_model in ("SD1.5", "SD2"):
        lines.append(
            f'pipeline.load_textual_inversion(".", weight_name={_quoted(file)}, token={_quoted(about.trigger)})'
        )
    elif about.method == "prompt":
        lines.insert(1, "from safetensors.torch import load_file")
        lines.append(f"learnt = load_file({_quoted(file)})")
        for name, end in (("clip_l", ""), ("clip_g", "_2")):
            lines += [
                "pipeline.load_textual_inversion(",
                f'    learnt["{name}"], token={_quoted(about.trigger)},',
                f"    text_encoder=pipeline.text_encoder{end}, tokenizer=pipeline.tokenizer{end},",
                ")",
            ]
    return "\n".join([*lines, f"image = pipeline({_quoted(_prompt(about))}).images[0]"])


def in_this_package(about: About, base: str = "") -> str:
    """Return code that uses a result with this package, which finds by its name what was taught on the machine.

    Args:
        about: Says what they are.
        base: The base as it is called on this machine; what strangers may read of it if not given.
    """
    kind = ', kind="embedding"' if about.method == "prompt" else ""
    model = f"pf.Model({_quoted(about.name)})"
    if about.method != "full":
        model = f"pf.Model({_quoted(base or about.shown_base)}).with_adapter({_quoted(about.name)}{kind})"
    return (
        f"import pixelflow_widgets as pf\n\nmodel = {model}\n"
        f"image = pf.nodes.text_to_image(prompt={_quoted(_prompt(about))}, model=model)"
    )


def _quoted(text: str) -> str:
    """Return a text as Python writes it, in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def _prompt(about: About) -> str:
    prompts = [str(prompt) for prompt in about.settings.get("sample_prompts") or ()]
    return prompts[0] if prompts else f"a {about.trigger}" if about.trigger else "a picture"


def _base_of(about: About) -> str:
    card = card_of(about.base)
    if card is not None and isinstance(card.source, Path):
        return str(card.source.relative_to(_SHIPPED))
    return about.shown_base if card is None or Path(card.source).is_absolute() else str(card.source)
