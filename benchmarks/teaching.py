"""Teaching the starter a shape that it never saw, as the template "Teach a new shape" does: how long, and how well.

Eight pictures of crescents, a word that no model knows, 200 steps; then what is painted with the word and without it is
judged by templates (tests/crescents.py), beside how often the untaught model's pictures pass for crescents. Then the
same pictures teach only a word (textual inversion). Last, CPU seconds of a step beside a hand-written loop on peft, in
turns. Takes about ten minutes on two cores.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from peft import LoraConfig  # noqa: E402
from torch.nn import functional  # noqa: E402

from pixelflow_widgets.finetuning.dataset import Dataset  # noqa: E402
from pixelflow_widgets.finetuning.settings import Settings  # noqa: E402
from pixelflow_widgets.finetuning.training import Outcome, train  # noqa: E402
from pixelflow_widgets.models.weights import place_of  # noqa: E402
from pixelflow_widgets.starter import scoring  # noqa: E402
from pixelflow_widgets.starter.scenes import SHAPES as KNOWN  # noqa: E402
from tests.crescents import SHAPES, WORD, captions, is_crescent, likeness, pictures, prompts  # noqa: E402

SEEDS, BASE_PICTURES, OTHERS = 50, 200, 100
STEPS_COMPARED = 12
LORA = {"steps": 200, "rank": 16, "learning_rate": 1e-3, "batch": 8, "prior": 1.0, "class_words": SHAPES}
WORD_ALONE = {"method": "prompt", "steps": 150, "vectors": 4, "batch": 8, "class_words": SHAPES, "prior": 0.0}


class Quiet:
    """Is told how far a training is."""

    def __call__(self, fraction: float | None = None, *, preview: Any = None, note: str = "") -> None:
        """Pass over it."""

    def log(self, line: str) -> None:
        """Pass over it."""


def taught(**settings: Any) -> Outcome:
    """Teach the starter."""
    data = Dataset(pictures(), captions=captions(), trigger=WORD, name="crescents")
    return train(data, Settings.of({"base": "starter", "seed": 0, "sample_every": 100} | settings), Quiet())


def share(pipeline: Any, wanted: Sequence[str], seed: int) -> tuple[float, float]:
    """Return (share of crescents, mean likeness to one) of what is painted."""
    painted = scoring.paint(pipeline, list(wanted), seed)
    return sum(map(is_crescent, painted)) / len(painted), float(np.mean([likeness(image) for image in painted]))


def others(pipeline: Any) -> scoring.Scores:
    """Score prompts that training never saw, judged by pixels."""
    scenes = scoring.unseen(OTHERS, 1, 1)
    painted = scoring.paint(pipeline, [scene.caption for scene in scenes], 1)
    return scoring.Scores.of([scoring.judge(image, scene) for image, scene in zip(painted, scenes, strict=True)], 0)


def hand_written(pipeline: Any, steps: int) -> float:
    """Return CPU seconds a step of a plain loop on peft: the same layers, batch, and captions encoded each step."""
    unet, scheduler = pipeline.unet, pipeline.scheduler
    layers = ["to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2"]
    layers += ["conv1", "conv2", "conv_shortcut", "time_emb_proj"]
    unet.requires_grad_(False).add_adapter(LoraConfig(r=16, lora_alpha=16, target_modules=layers))
    for encoder in (pipeline.text_encoder, pipeline.text_encoder_2):
        targets = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]
        encoder.requires_grad_(False).add_adapter(LoraConfig(r=16, lora_alpha=16, target_modules=targets))
    learning = [w for part in (unet, pipeline.text_encoder, pipeline.text_encoder_2) for w in part.parameters()]
    learning = [weight for weight in learning if weight.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=1e-3)
    latents = torch.randn(8, 4, 16, 16)
    sizes = torch.tensor([[64, 64, 0, 0, 64, 64]]).float().expand(8, -1)
    start = time.process_time()
    for _ in range(steps):
        loss = torch.zeros(())
        for _ in range(2):  # the pictures, and the model's own that go along
            context, _, summary, _ = pipeline.encode_prompt(captions(), do_classifier_free_guidance=False)
            noise, levels = torch.randn_like(latents), torch.randint(1000, (8,))
            noisy = scheduler.add_noise(latents, noise, levels)
            told = {"text_embeds": summary, "time_ids": sizes}
            made = unet(noisy, levels, context, added_cond_kwargs=told).sample
            loss = loss + functional.mse_loss(made, scheduler.get_velocity(latents, noise, levels)) / 2
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return (time.process_time() - start) / steps


def ours(steps: int, seed: int) -> float:
    """Return CPU seconds a step of ours, looks and reading left out."""
    calm = {"sample_every": 10_000, "checkpoint_every": 10_000, "sample_steps": 1, "prior_pictures": 8}
    outcomes = []
    for count in (2, 2 + steps):
        start = time.process_time()
        taught(**LORA | calm | {"steps": count, "seed": seed})
        outcomes.append(time.process_time() - start)
    return (outcomes[1] - outcomes[0]) / steps


def main() -> None:
    """Teach, judge, compare."""
    starter = str(place_of("starter"))
    base = scoring.load(starter)
    false, _ = share(base, prompts(KNOWN, BASE_PICTURES, 3), 3)
    untaught, unlike = share(base, prompts([WORD], SEEDS, 21), 21)
    before = others(base)
    began = time.monotonic()
    lora = taught(**LORA)
    print(f"LoRA: {time.monotonic() - began:.0f} s for {lora.steps} steps on {os.cpu_count()} cores (at most 300)")
    learnt = scoring.load(starter)
    learnt.load_lora_weights(str(lora.weights.parent), weight_name=lora.weights.name)
    with_word, like = share(learnt, prompts([WORD], SEEDS, 21), 21)
    without, _ = share(learnt, prompts(KNOWN, SEEDS, 22), 22)
    after = others(learnt)
    print(f"crescents of {SEEDS} seeds with the word {with_word:.0%} (at least 70 %), likeness {like:.2f}")
    print(f"crescents of {SEEDS} seeds without it {without:.0%} (at most 10 %)")
    print(f"crescents of the untaught model with the word {untaught:.0%}, likeness {unlike:.2f}")
    print(f"pictures of the untaught model that pass for crescents: {false:.1%} of {BASE_PICTURES}")
    for name in ("background", "colour", "shape", "size"):
        was, now = getattr(before, name), getattr(after, name)
        print(f"other prompts, {name}: {was:.1%} before, {now:.1%} after (within 5 points)")
    began = time.monotonic()
    word = taught(**WORD_ALONE)
    painted, like = share(_with_word(starter, word.weights), prompts([WORD], SEEDS, 21), 21)
    seconds = time.monotonic() - began
    print(f"a word alone: {seconds:.0f} s, likeness {unlike:.3f} before, {like:.3f} after; crescents {painted:.0%}")
    ratios = [ours(STEPS_COMPARED, seed) / hand_written(scoring.load(starter), STEPS_COMPARED) for seed in (1, 2, 3)]
    print(f"CPU of a step over a hand-written loop's: {sorted(ratios)[1]:.2f} x (median of 3)")


def _with_word(folder: str, weights: Path) -> Any:
    """Return the starter with a learnt word, as plain diffusers reads it."""
    from safetensors.torch import load_file

    pipeline, vectors = scoring.load(folder), load_file(weights)
    pipeline.tokenizer_2 = type(pipeline.tokenizer).from_pretrained(Path(folder) / "tokenizer_2")
    pipeline.load_textual_inversion(
        vectors["clip_l"], token=WORD, text_encoder=pipeline.text_encoder, tokenizer=pipeline.tokenizer
    )
    pipeline.load_textual_inversion(
        vectors["clip_g"], token=WORD, text_encoder=pipeline.text_encoder_2, tokenizer=pipeline.tokenizer_2
    )
    return pipeline


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PIXELFLOW_DATA"] = folder
        main()
