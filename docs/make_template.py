"""Makes the template "Teach a new shape" with its eight pictures: `.venv/bin/python docs/make_template.py`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import pixelflow_widgets as pf  # noqa: E402
from tests.crescents import SHAPES, WORD, captions, pictures  # noqa: E402

FILE = ROOT / "pixelflow_widgets" / "templates" / "teach_a_new_shape.flow.json"
PLACES = {"train_lora": (0, 0), "taught": (340, 0), "untaught": (340, 640)}
"""Of the nodes, so that none covers another."""


def teaching() -> pf.Flow:
    """The flow: eight crescents, a training, and the new word elsewhere, beside what the model makes of it untaught."""
    with pf.Flow("teach_a_new_shape") as flow:
        prompt = flow.input(
            "prompt",
            f"a big yellow {WORD} on a purple background",
            help=f"'{WORD}' is the new shape; no picture of it has these colours.",
        )
        steps = flow.input("steps", 200, min=1, max=2000, help="Of the training; 200 take three minutes.")
        flow.add(
            "train_lora",
            images=pictures(),
            captions=captions(),
            trigger=WORD,
            class_words=SHAPES,
            steps=steps,
            rank=16,
            learning_rate=1e-3,
            batch=8,
            prior=1.0,
        )
        model = flow.nodes["train_lora"]["model"]
        flow.output("taught", flow.add("text_to_image", id="taught", prompt=prompt, model=model, seed=7)["image"])
        flow.output("untaught", flow.add("text_to_image", id="untaught", prompt=prompt, seed=7)["image"])
    flow.rename("taught", "Taught")
    flow.rename("untaught", "Untaught, the same seed")
    flow.arrange(PLACES)
    flow.describe(
        f"Eight pictures teach the starter a shape that it never saw, and the word '{WORD}' for it; then it paints "
        "that shape in other colours, beside what it makes of the word untaught.",
        title="Teach a new shape",
    )
    return flow


if __name__ == "__main__":
    print(teaching().save(FILE).relative_to(ROOT))
