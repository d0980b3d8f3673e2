"""Real processes that share one folder of results, too small for them, while a third is killed again and again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pixelflow_widgets.run import eviction

from ..flow.strategies import SOAK
from .test_disk_cache import ROOT

ROUNDS = 40 * SOAK
ROOM = 80_000
"""Bytes for results, of which one picture takes 7,600."""

SCRIPT = """
import random, sys, time
import numpy as np
import PIL.Image
import pixelflow_widgets as pf
from pixelflow_widgets.run.cache import process_cache
from tests.run import shared_nodes as nodes

chance, rounds = random.Random(int(sys.argv[1])), int(sys.argv[2])
cache = process_cache()
cache.memory.limit = 20_000
found = 0
with pf.Flow("shared") as flow:
    drawn = nodes.draws(number=0)
    flow.output("image", nodes.brightens(image=nodes.brightens(image=drawn, by=1), by=0))
    flow.output("numbers", nodes.squares(count=5))
print("begun", flush=True)
for _ in range(rounds):
    number, by, count = chance.randrange(6), chance.randrange(1, 4), chance.randrange(12)
    flow.set("draws", number=number)
    flow.set("brightens_2", by=by)
    flow.set("squares", count=count)
    run = flow.start(backend="inline")
    result = run.result()
    wanted = (nodes.pixels(number) + 1 + by).astype(np.uint8)
    assert np.array_equal(np.asarray(result["image"]), wanted), "another picture came"
    assert result["numbers"] == [place * place for place in range(count)], "other numbers came"
    found += sum(event.cached for event in run.events() if event.kind == "node-finished")
assert cache.disk.flush() and not cache.disk.trouble, cache.disk.trouble
assert run.id in set(flow.runs["run"]), "the history lost a run"
print(cache.disk.damaged, found)
"""


def kernel(folder: Path, seed: int, rounds: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "PIXELFLOW_CACHE": str(folder), "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    command = [sys.executable, "-c", SCRIPT, str(seed), str(rounds)]
    return subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(process: subprocess.Popen[str]) -> str:
    try:
        out, err = process.communicate(timeout=60 + 2 * ROUNDS)
    finally:
        process.kill()
    assert (process.returncode, err) == (0, "")
    return out


def kill_amid(process: subprocess.Popen[str], seconds: float) -> None:
    """Kill a kernel some time after it has begun to work."""
    assert process.stdout is not None and process.stdout.readline() == "begun\n", process.communicate()
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert err == ""


@pytest.mark.soak
def test_kernels_that_share_results_give_what_is_right_even_beside_one_that_is_killed(tmp_path: Path) -> None:
    eviction.set_limit(tmp_path, ROOM)
    chance = random.Random(SOAK)
    lasting = [kernel(tmp_path, seed, ROUNDS) for seed in (1, 2)]
    for seed in range(3, 3 + 2 * SOAK):
        kill_amid(kernel(tmp_path, seed, 100_000), chance.uniform(0.05, 0.8))
    for process in lasting:
        begun, told = ended(process).splitlines()
        damaged, found = map(int, told.split())
        assert begun == "begun" and damaged == 0 and found > 0
    assert eviction.contents(tmp_path / "results-1").bytes <= 2 * ROOM  # each counts what the others wrote now and then
