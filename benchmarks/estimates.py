"""What `flow.estimate()` says before a run against what the run used: tokens exactly, seconds of processors by history.

Thirty seeded runs on the real worker: the starter paints with other steps, sizes and prompts, and a tiny chat of random
weights answers. The history is empty at first; from the fifth run of its kind on an estimate counts.

    python benchmarks/estimates.py [runs]
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

RUNS = 30
KNOWN = 5
BOUND = 0.25
PROMPTS = ["a red circle", "a small blue square on yellow", "two green triangles, one above the other", "Gruß 🎈", ""]
SYSTEMS = ["", "You answer in one word.", "You are a poet who never rhymes."]


def build(chat: str) -> Any:
    """A flow that paints, and another node that chats."""
    import pixelflow_widgets as pf

    with pf.Flow("estimates") as flow:
        flow.output("picture", pf.nodes.text_to_image("x"))
        flow.output("answer", pf.nodes.chat("x", model=chat))
    return flow


def change(flow: Any, number: int, chance: random.Random) -> None:
    """Ask for something else; each run has seeds of its own."""
    edge = chance.choice([64, 96, 128, 160, 192])
    prompt = " and ".join(chance.choices(PROMPTS[:4], k=chance.randint(1, 3)))
    painted = {"prompt": prompt, "negative_prompt": chance.choice(["", "grey"]), "width": edge, "height": edge}
    flow.set("text_to_image", seed=number, steps=chance.choice([4, 8, 12, 20, 30]), **painted)
    said = {"prompt": prompt, "system": chance.choice(SYSTEMS), "max_tokens": chance.choice([20, 40, 80, 160])}
    flow.set("chat", seed=number, **said)


def measure(flow: Any, runs: int) -> list[dict[str, Any]]:
    """Return what was told before each run and what it used, by node."""
    chance, rows = random.Random(20), []
    for number in range(runs):
        change(flow, number, chance)
        told = {each.node: each for each in flow.estimate().nodes}
        flow.run(backend="worker")
        table = flow.usage
        for used in table[table["run"] == flow.last_run.id].to_dict("records"):
            before = told[used["node"]]
            row = {"node": used["node"], "known": before.known_runs, "told": before.cpu_seconds}
            row |= {"used": used["cpu_seconds"], "tokens_told": before.input_tokens, "tokens": used["input_tokens"]}
            rows.append(row)
            guess = "?" if row["told"] is None else f"{row['told']:.2f}"
            print(
                f"{number:3} {row['node']:14} {guess:>6} s told, {row['used']:6.2f} s used; "
                f"{row['tokens_told']} tokens told, {row['tokens']} read",
                file=sys.stderr,
            )
    return rows


def main() -> None:
    """Print the figures as JSON, and end with 1 where they are not what is promised."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    sys.path.insert(0, str(Path(__file__).parents[1]))
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"PIXELFLOW_CACHE": f"{folder}/cache", "PIXELFLOW_DATA": f"{folder}/data"}
        from tests.zoo import Zoo

        rows = measure(build(str(Zoo(Path(folder) / "zoo")("llama"))), runs)
    told: dict[str, Any] = {"runs": runs, "tokens_exact": all(row["tokens"] == row["tokens_told"] for row in rows)}
    for node in ("text_to_image", "chat"):
        mine = [row for row in rows if row["node"] == node and row["known"] >= KNOWN]
        errors = [abs(row["told"] - row["used"]) / row["used"] for row in mine if row["used"]]
        told[node] = {
            "estimates": len(errors),
            "median_error": round(statistics.median(errors), 3),
            "worst": round(max(errors), 3),
        }
    told["holds"] = told["tokens_exact"] and all(
        told[node]["median_error"] <= BOUND for node in ("text_to_image", "chat")
    )
    print(json.dumps(told, indent=1))
    raise SystemExit(0 if told["holds"] else 1)


if __name__ == "__main__":
    main()
