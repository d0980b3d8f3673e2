"""What a user does in a notebook whose server echoes the key, as a program: `tests/test_planted_key.py` greps it all.

The key comes on standard input, the address of the server and the folder as arguments.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

import PIL.Image

import pixelflow_widgets as pf

NAME = "PLANTED_KEY"


@pf.node(pure=False)
def tell_all(text: str, progress: pf.Progress = pf.Progress()) -> str:
    """Says the secret wherever a node can say something, and fails of it."""
    from pixelflow_widgets import secrets

    value = secrets.reveal(NAME)
    print(f"{text} {value}")
    sys.stderr.write(f"{value}\n")
    sys.__stderr__.write("written past everything, without it\n")  # type: ignore[union-attr]
    progress.log(value)
    progress(0.5, note=value, preview=f"unfinished {value}")
    raise ValueError({"Authorization": f"Bearer {value}"})


@pf.node
def drawn(text: str) -> pf.Image:
    """Draws as many pixels as a text has letters."""
    return PIL.Image.new("RGB", (8 + len(text), 8))


def flow_of(folder: Path, address: str) -> pf.Flow:
    flow = pf.edit(folder / "talk.flow.json")
    server = flow.add("language_server", id="server", model="tiny", base_url=address, key=NAME)
    for name in ("good", "refused", "broken"):
        said = flow.add("chat", id=name, prompt=f"hello, {name}", model=server["model"])
        flow.output(name, said["text"])
    picture = flow.add(drawn, id="picture", text=flow.nodes["good"]["text"])
    flow.output("picture", picture["image"])
    flow.output("told", flow.add(tell_all, id="telling", text=flow.nodes["good"]["text"])["text"])
    return flow


def write(folder: Path, flow: pf.Flow) -> None:
    flow.save()
    (folder / "editor").write_text(json.dumps(flow.editor.get_state(), default=repr), encoding="utf-8")
    (folder / "runs").write_text(flow.runs.to_json() + flow.run_nodes().to_json(), encoding="utf-8")
    (folder / "shown").write_text(repr(pf.secrets) + repr(flow) + json.dumps(flow.document), encoding="utf-8")
    flow.remove("telling")  # who reveals a secret cannot be copied into a script
    for name in ("to_script", "to_builder", "to_svg", "to_mermaid"):
        (folder / name).write_text(getattr(flow, name)(), encoding="utf-8")
    flow.to_notebook(folder / "talk.ipynb")
    flow.save()


def main() -> None:
    folder, address = Path(sys.argv[1]), sys.argv[2]
    pf.secrets[NAME] = sys.stdin.read()
    flow = flow_of(folder, address)
    events: list[Any] = []

    def hear(event: Any) -> None:
        preview = event.preview.data.decode(errors="replace") if event.preview else ""
        events.append({**event.as_json(), "shown": preview, "traceback": event.traceback})

    for backend in ("worker", "inline"):
        for target in ("good", "refused", "broken", "picture", "telling"):
            try:
                flow.run(targets=[target], on_event=hear, backend=backend).save(folder / "results")
            except pf.RunError as error:
                traceback.print_exc()
                print(error.traceback if isinstance(error, pf.NodeFailed) else "", getattr(error, "partial", ""))
    (folder / "events").write_text(json.dumps(events), encoding="utf-8")
    write(folder, flow)
    from pixelflow_widgets.run.backends import shared_worker

    process = shared_worker()._process
    assert process is not None
    process._errors.seek(0)
    (folder / "stderr").write_bytes(process._errors.read())


if __name__ == "__main__":
    main()
