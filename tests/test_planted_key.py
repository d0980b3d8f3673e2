"""A key that is used appears in nothing that is written: flows, exports, notebooks, logs, events, errors, records."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import PIL.Image

from tests.zoo import scripted_server as acts
from tests.zoo.scripted_server import Handler, ScriptedServer

KEY = "zq7PLANTED5w9-xTt2+/Qe8"
ROOT = Path(__file__).parents[1]


def by_prompt(handler: Handler) -> None:
    """Answer, refuse or break off as the prompt says, with the key in every word that goes wrong."""
    scripted: ScriptedServer = handler.server.scripted  # type: ignore[attr-defined]
    prompt = scripted.requests[-1]["messages"][-1]["content"]
    if prompt.endswith("refused"):
        acts.echoes(401)(handler)
    elif prompt.endswith("broken"):
        error = f'{{"error": {{"message": "{KEY} ran out", "code": "{KEY}"}}}}'
        acts.stumbles("the beginning ", f"of {KEY} and ", over=error)(handler)
    else:
        acts.says("a good answer")(handler)


def test_a_planted_key_is_written_nowhere(tmp_path: Path) -> None:
    server = ScriptedServer(by_prompt)
    folder, data = tmp_path / "work", tmp_path / "data"
    folder.mkdir()
    told = {"PIXELFLOW_DATA": str(data), "PIXELFLOW_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.planted", str(folder), server.address],
            input=KEY.encode(),
            capture_output=True,
            env={**os.environ, **told},
            cwd=folder,
            timeout=300,
            check=False,
        )
    finally:
        server.close()
    said = done.stdout.decode() + done.stderr.decode()
    assert done.returncode == 0, said
    assert {headers["authorization"] for headers in server.headers} == {f"Bearer {KEY}"}
    found = {path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()}
    assert found == set()
    lines = [line for line in said.splitlines() if KEY in line]
    assert lines == [f"a good answer {KEY}", KEY]  # what a node prints inline goes to the cell that ran it

    # And all that was looked at is there, with the key hidden in it.
    events = (folder / "events").read_text(encoding="utf-8")
    assert events.count("\\u2022\\u2022\\u2022") > 20 and "the beginning of" in events and "ran out" in events
    assert "The key •••" in said and "the beginning of •••" in said
    pictures = list((folder / "results").rglob("*.png"))
    assert pictures and all("language_server" in str(PIL.Image.open(path).info) for path in pictures)
    written = {path.name for path in folder.rglob("*")}
    assert {"talk.flow.json", "talk.ipynb", "to_script", "to_builder", "runs", "stderr", "editor"} <= written
    assert any((tmp_path / "cache").rglob("runs-*.sqlite"))
    assert "written past everything" in (folder / "stderr").read_text(encoding="utf-8")
