"""What a flow costs beside the same diffusers call by hand, and what an image costs on its way from the worker.

CPU of the kernel and the worker together, over that of the call by hand: medians of alternating pairs, so that whatever
else the machine does falls on both. Both use one torch thread. Nothing turns previews off: the model without a sketch
decoder of its own shows the colours of its latents, and is held to the bound of an image without previews.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["PIXELFLOW_CACHE"] = "none"

import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import torch

import pixelflow_widgets as pf
from pixelflow_widgets.models.loading import generator
from pixelflow_widgets.models.quiet import quiet
from pixelflow_widgets.models.sketch import FILE
from pixelflow_widgets.models.weights import place_of
from pixelflow_widgets.run.backends import Stop, Task, shared_worker

PAIRS = 15
WARM_UPS = 3
STEPS = 20
PER_RUN, PER_STEP, PER_PREVIEW = 30.0, 1.0, 3.0
EDGE = 1024
SHARE = 1 / 5
IMAGES = 10
"""Sent one after another in each half of a pair: one alone is too short for the clock."""


def cpu_of(pid: int) -> float:
    """CPU seconds of all threads of a process, in nanosecond steps (Linux's clock of another process)."""
    return time.clock_gettime((~pid << 3) | 2)


def cpu_ms(work: Callable[[], Any], *others: int) -> tuple[float, Any]:
    """CPU milliseconds of this process and others while something is done, and what it gave."""
    before = time.process_time() + sum(map(cpu_of, others))
    result = work()
    return (time.process_time() + sum(map(cpu_of, others)) - before) * 1000, result


def model_in(folder: Path, has_sketch: bool) -> Path:
    """The starter, by links, with a denoiser of a few layers: the less the model does, the less its own noise hides."""
    from diffusers import UNet2DConditionModel

    source = place_of("starter")
    for path in source.rglob("*"):
        if path.is_file() and path.parent.name != "unet" and (has_sketch or path.name != FILE):
            place = folder / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(path)
    config = UNet2DConditionModel.load_config(source / "unet")
    few = {"block_out_channels": (16,), "down_block_types": ("DownBlock2D",), "up_block_types": ("UpBlock2D",)}
    torch.manual_seed(0)
    UNet2DConditionModel.from_config({**config, **few, "mid_block_type": None}).save_pretrained(folder / "unet")
    return folder


def image_row(model: Path, title: str, bound: float) -> bool:
    from diffusers import DiffusionPipeline

    with quiet():
        pipeline = DiffusionPipeline.from_pretrained(model, use_safetensors=True)
    pipeline.set_progress_bar_config(disable=True)
    with pf.Flow("overhead") as flow:
        seed = flow.input("seed", 0)
        image = pf.nodes.text_to_image(
            prompt="a red circle on a blue background",
            model=str(model),
            steps=STEPS,
            guidance=3.0,
            width=64,
            height=64,
            seed=seed,
        )
        flow.output("image", image)

    def by_hand(seed: int) -> PIL.Image.Image:
        return pipeline(
            prompt="a red circle on a blue background",
            num_inference_steps=STEPS,
            guidance_scale=3.0,
            width=64,
            height=64,
            generator=generator(seed),
        ).images[0]

    for seed in range(WARM_UPS):
        flow.run(seed=seed)
        by_hand(seed)
    worker = shared_worker().pid
    assert worker is not None
    over, hands, previews = [], [], 0
    for seed in range(100, 100 + PAIRS):
        seen: list[Any] = []
        halves: list[Callable[[], tuple[float, Any]]] = [
            lambda seed=seed: cpu_ms(lambda: by_hand(seed)),
            lambda seed=seed, seen=seen: cpu_ms(lambda: flow.run(seed=seed, on_event=seen.append)["image"], worker),
        ]
        order = (0, 1) if seed % 2 else (1, 0)  # whichever comes first finds the machine as the other left it
        found = {half: halves[half]() for half in order}
        (hand, expected), (taken, made) = found[0], found[1]
        if made.tobytes() != expected.tobytes():
            print(f"{title}: the flow and the call by hand did not paint the same picture.")
            return False
        previews += sum(event.kind == "preview" for event in seen)
        over.append(taken - hand)
        hands.append(hand)
    median = statistics.median(over)
    is_kept = median <= bound
    print(
        f"  {title:44} {statistics.median(hands):7.1f}   {median:6.1f}   {bound:6.1f}   {previews / PAIRS:8.1f}   "
        f"{'kept' if is_kept else 'BROKEN'}"
    )
    return is_kept


def serve(line: Connection) -> None:
    """Send an image, or nothing, each time it is asked for: the other half of pickle through a pipe."""
    image = picture()
    while (what := line.recv()) is not None:
        line.send(image if what == "image" else 0)


def picture() -> PIL.Image.Image:
    return PIL.Image.fromarray(np.random.default_rng(0).integers(0, 255, (EDGE, EDGE, 3), dtype=np.uint8))


@pf.node
def gives_image(count: int) -> pf.Image:
    """Gives a picture that is there: making it is not what is measured."""
    import sys

    import numpy
    import PIL.Image

    if not hasattr(sys, "kept_picture"):
        noise = numpy.random.default_rng(0).integers(0, 255, (1024, 1024, 3), dtype=numpy.uint8)
        sys.kept_picture = PIL.Image.fromarray(noise)  # type: ignore[attr-defined]
    return sys.kept_picture  # type: ignore[attr-defined]


@pf.node
def gives_number(count: int) -> int:
    return 0


class Nobody:
    """Hears nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


def transport_row() -> bool:
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe()
    child = context.Process(target=serve, args=(far,), daemon=True)
    child.start()
    worker = shared_worker()

    def through_pipe(what: str) -> None:
        for _ in range(IMAGES):
            near.send(what)
            value = near.recv()
            if what == "image":
                value.load()

    def through_worker(function: Any) -> None:
        for _ in range(IMAGES):
            worker.execute(Task("", function.node_type, {"count": 1}), Nobody(), Stop())  # type: ignore[arg-type]

    for work in (through_pipe, through_worker):
        for what in ("image", "number") if work is through_pipe else (gives_image, gives_number):
            work(what)
    pid = worker.pid
    assert pid is not None and child.pid is not None
    piped, shared = [], []
    for _ in range(PAIRS):
        image, _ = cpu_ms(lambda: through_pipe("image"), child.pid)
        nothing, _ = cpu_ms(lambda: through_pipe("number"), child.pid)
        piped.append((image - nothing) / IMAGES)
        image, _ = cpu_ms(lambda: through_worker(gives_image), pid)
        nothing, _ = cpu_ms(lambda: through_worker(gives_number), pid)
        shared.append((image - nothing) / IMAGES)
    near.send(None)
    child.join()
    pipe, memory = statistics.median(piped), statistics.median(shared)
    is_kept = memory <= pipe * SHARE
    print(
        f"a {EDGE} x {EDGE} image from worker to kernel: {memory:.2f} ms CPU, pickled through a pipe {pipe:.2f} ms: "
        f"1/{pipe / memory:.1f}; bound 1/{1 / SHARE:.0f} - {'kept' if is_kept else 'BROKEN'}"
    )
    return is_kept


def main() -> int:
    print(f"{STEPS} steps, ms CPU, median of {PAIRS} pairs     by hand   flow over it   bound   previews seen a run")
    with tempfile.TemporaryDirectory() as folder:
        bound = PER_RUN + PER_STEP * STEPS
        plain, sketched = model_in(Path(folder, "plain"), False), model_in(Path(folder, "sketched"), True)
        kept = [
            image_row(plain, "an image", bound),
            image_row(sketched, "an image, a sketch of it after each step", bound + PER_PREVIEW * STEPS),
            transport_row(),
        ]
    return not all(kept)


if __name__ == "__main__":
    sys.exit(main())
