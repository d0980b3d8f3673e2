"""The model card beside a result: what it is, how to use it, how it was taught, what it cannot do.

Markdown with a front matter as the Hub reads it; the pictures lie in a folder beside it, so that file, weights and
folder can be put into a repository as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import PIL.Image

from ...models.cards import PACKAGE, card_of
from .about import About
from .usage import by_hand, in_this_package
from .writing import whole

_LICENCES = {
    "apache-2.0": "apache-2.0",
    "bsd-3-clause": "bsd-3-clause",
    "cc-by-4.0": "cc-by-4.0",
    "cc-by-nc-4.0": "cc-by-nc-4.0",
    "cc-by-sa-4.0": "cc-by-sa-4.0",
    "cc0-1.0": "cc0-1.0",
    "creativeml open rail++-m": "openrail++",
    "creativeml open rail-m": "creativeml-openrail-m",
    "mit": "mit",
}
"""Licences in lower case → their ids on the Hub; every other one is called "other" there."""
_KINDS = {"lora": "LoRA", "prompt": "textual inversion", "full": "model"}
_TAGS = {"lora": ["lora", "template:sd-lora"], "prompt": ["textual_inversion"], "full": []}
_FAMILIES = {"SD1.5": "stable-diffusion", "SD2": "stable-diffusion", "SDXL": "stable-diffusion-xl"}


def write_card(
    path: Path | str,
    about: About,
    samples: Sequence[PIL.Image.Image] = (),
    history: Any = None,
    scores: Mapping[str, Any] | None = None,
) -> Path:
    """Write a model card, with its pictures in the folder `samples` beside it.

    Args:
        path: Where, beside the weights; what stands there is replaced.
        about: Says how the weights came about; they lie in a file of its name, a whole model in the card's folder.
        samples: Pictures that were made with them; the setting `sample_prompts`, where it has as many, says of what.
        history: DataFrame of the training, with the columns step, loss, seconds, steady; None where there is none.
        scores: Of the evaluation, by what they say.
    """
    path = Path(path)
    prompts = _prompts(about, len(samples))
    files = _write_samples(path, samples)
    parts = [
        _front_matter(about, prompts, files),
        f"# {about.name}\n\n{_sentence(about)}",
        _gallery(prompts, files),
        f"## Use\n\nIn plain diffusers:\n\n```python\n{by_hand(about)}\n```\n\n"
        f"In pixelflow_widgets:\n\n```python\n{in_this_package(about)}\n```",
        f"## How it was taught\n\n{_table(('setting', 'value'), _settings(about))}",
        _figures(about, history, scores or {}),
        f"## Limits\n\n{_limits(about, bool(scores))}",
    ]
    with whole(path) as unfinished:
        unfinished.write_text("\n\n".join(part for part in parts if part) + "\n", encoding="utf-8")
    return path


def _prompts(about: About, count: int) -> list[str]:
    """Return of what each sample is; where that is not known, empty texts."""
    prompts = [str(prompt) for prompt in about.settings.get("sample_prompts") or ()]
    return prompts if len(prompts) == count else [""] * count


def _write_samples(path: Path, samples: Sequence[PIL.Image.Image]) -> list[str]:
    """Write the pictures; return their places as seen from the card."""
    files = [f"samples/{number}.png" for number in range(1, len(samples) + 1)]
    for file, sample in zip(files, samples, strict=True):
        with whole(path.parent / file) as unfinished:
            sample.save(unfinished, format="PNG")
    return files


def _front_matter(about: About, prompts: Sequence[str], files: Sequence[str]) -> str:
    from huggingface_hub import ModelCardData

    tags = ["text-to-image", "diffusers", *_TAGS[about.method]]
    data: dict[str, Any] = {
        "library_name": "diffusers",
        "pipeline_tag": "text-to-image",
        "base_model": _on_the_hub(about),
        "instance_prompt": about.trigger or None,
        "tags": [*tags, _FAMILIES[about.base_model]] if about.base_model in _FAMILIES else tags,
    }
    if about.licence:
        known = _LICENCES.get(about.licence.lower())
        data |= {"license": known} if known else {"license": "other", "license_name": _slug(about.licence)}
    if files:
        named = zip(prompts, files, strict=True)
        data["widget"] = [{"text": prompt or about.trigger or "-", "output": {"url": file}} for prompt, file in named]
    return f"---\n{ModelCardData(**data).to_yaml()}\n---"


def _slug(text: str) -> str:
    return "-".join("".join(letter if letter.isalnum() or letter in ".+" else " " for letter in text.lower()).split())


def _on_the_hub(about: About) -> str | None:
    """Return the Hub's id of the base, where it is one of there: others it would not take."""
    card = card_of(about.base)
    source = str(card.source) if card is not None else about.base
    is_file_here = source.startswith((PACKAGE, "/", ".", "~")) or Path(source).exists()
    return source if source.count("/") == 1 and not is_file_here else None


def _sentence(about: About) -> str:
    kind, base = _KINDS[about.method], about.base_model or "a base model that is not known"
    head = f"A {kind} for {base}, taught on `{about.shown_base}` with {_counted(about.pictures, 'picture')}."
    if about.method == "full":
        head = f"A model of the family {base}: `{about.shown_base}`, taught with {_counted(about.pictures, 'picture')}."
    words = " or ".join(f"**{word}**" for word in about.trigger_words)
    return f"{head} Write {words} in a prompt to call what it learnt." if words else head


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _gallery(prompts: Sequence[str], files: Sequence[str]) -> str:
    """Return the pictures in rows of four, each with its prompt below."""
    rows = []
    for start in range(0, len(files), 4):
        shown = list(zip(prompts, files, strict=True))[start : start + 4]
        cells = [f"![{_cell(prompt) or 'sample'}]({file})" for prompt, file in shown]
        rows.append(_table(cells, [[_cell(prompt) for prompt, _ in shown]]))
    return "\n\n".join(rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Any) -> str:
    """Return a value as it stands in a cell of a table."""
    text = f"{value:.4g}" if isinstance(value, float) else f"{value:,}" if type(value) is int else str(value)
    return " ".join(text.replace("|", "\\|").split())


def _settings(about: About) -> list[list[str]]:
    known = {
        "method": _KINDS[about.method],
        "base model": f"{about.base_model} (`{about.shown_base}`)",
        "digest of the base": about.base_digest,
        "trigger words": ", ".join(about.trigger_words),
        "rank": about.rank,
        "alpha": about.alpha,
        "steps": about.steps,
        "learning rate": about.learning_rate,
        "resolution": about.resolution,
        "pictures": about.pictures,
        "digest of the data": about.dataset_digest,
        "seed": about.seed,
        "date": about.date,
        "licence": about.licence,
    }
    shown = {*(name.replace(" ", "_") for name in known), "base", "name", "trigger"}
    more = {name.replace("_", " "): value for name, value in about.shown_settings.items() if name not in shown}
    told = {name: value for name, value in (known | more).items() if value not in (None, "", (), [])}
    return [[name, _listed(value)] for name, value in told.items()]


def _listed(value: Any) -> str:
    return "; ".join(map(_cell, value)) if isinstance(value, list | tuple) else _cell(value)


def _figures(about: About, history: Any, scores: Mapping[str, Any]) -> str:
    rows = [[name.replace("_", " "), _listed(value)] for name, value in (_course(history) | dict(scores)).items()]
    return f"## Figures\n\n{_table(('what', 'value'), rows)}" if rows else ""


def _course(history: Any) -> dict[str, Any]:
    """Return what a training's history says in a few numbers."""
    if history is None or not len(history):
        return {}
    told: dict[str, Any] = {}
    losses = history["loss"].dropna() if "loss" in history else ()
    if len(losses):
        few = max(1, len(losses) // 10)
        told["loss, mean of the first and of the last tenth"] = [
            float(losses[:few].mean()),
            float(losses[-few:].mean()),
        ]
    steady = history["steady"].dropna() if "steady" in history else ()
    if len(steady):
        told["loss on fixed noise, first and lowest"] = [float(steady.iloc[0]), float(steady.min())]
    if "seconds" in history and len(history["seconds"].dropna()):
        told["seconds"] = round(float(history["seconds"].dropna().iloc[-1]), 1)
    return told


def _limits(about: About, is_scored: bool) -> str:
    lines = [f"It goes with {about.base_model or 'its base model'} only: layers of other models have other shapes."]
    if about.method == "full":
        lines = ["It is a model of its own; what its base could, it may have partly forgotten."]
    few = _counted(about.pictures, "picture")
    lines += [
        f"{few} taught it. What they share beside the subject (ground, light, style) may have been learnt "
        "with it, and what it makes may come close to one of them.",
        "The figures above were taken on this training alone."
        if is_scored
        else "Nobody has measured how well it works, nor what it changes in other prompts.",
        "What the base cannot do or does wrongly, this does not mend; the licence of the base goes on to hold.",
    ]
    return "\n".join(f"- {line}" for line in lines)
