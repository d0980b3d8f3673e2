"""CPU of importing the package, beside `import numpy, PIL.Image, pydantic`; and of listing every node type."""

from __future__ import annotations

import statistics
import subprocess
import sys

PAIRS = 11
BOUND = 1.3
CASES = {
    "import numpy, PIL.Image, pydantic": "import numpy, PIL.Image, pydantic",
    "import pixelflow_widgets": "import pixelflow_widgets",
    "… and list every node type": "import pixelflow_widgets as pf; assert len(list(pf.registry)) > 5",
}


def cpu_seconds(code: str) -> float:
    """CPU seconds of a fresh Python that runs the code."""
    script = f"import os; {code}; print(sum(os.times()[:2]))"
    return float(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)


def main() -> int:
    for code in CASES.values():
        cpu_seconds(code)  # compiles modules
    # Alternating, so that whatever else the machine does falls on all of them.
    rounds = [{name: cpu_seconds(code) for name, code in CASES.items()} for _ in range(PAIRS)]
    reference = statistics.median(taken["import numpy, PIL.Image, pydantic"] for taken in rounds)
    medians = {name: statistics.median(taken[name] for taken in rounds) for name in CASES}
    for name, median in medians.items():
        print(f"{name:40} {median * 1000:6.0f} ms CPU  {median / reference:5.2f} x")
    ratio = medians["import pixelflow_widgets"] / reference
    print(f"bound of the import: {BOUND} x - {'kept' if ratio <= BOUND else 'BROKEN'}")
    return ratio > BOUND


if __name__ == "__main__":
    sys.exit(main())
