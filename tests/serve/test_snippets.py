"""Snippets are programs: each is run against a real server, and gets the right picture."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media.encoders import film_file, picture_file, sound_file
from pixelflow_widgets.serve.snippets import snippets
from tests.serve.calling import Served, serving
from tests.serve.served_nodes import echoed, stamp
from tests.serve.test_client import noise, same

JS = Path(__file__).parents[2] / "js"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("serve")) as made:
        with pf.Flow("turn") as flow:
            flow.output("image", echoed(image=flow.input("image", type=pf.Image)))
        made.publish(flow, "turn")
        yield made


def told(server: Served, name: str, version: int | None = None) -> dict[str, str]:
    signature = server.serving.endpoints.find(name, version).signature
    return snippets(server.url, name, signature.request_schema(), signature.result_schema(), version)


def said(server: Served, name: str, language: str, **values: Any) -> str:
    """Return a snippet that sends other values than its examples."""
    signature = server.serving.endpoints.find(name).signature
    request = signature.request_schema()
    for given, value in values.items():
        request["properties"][given]["examples"] = [value]
    return snippets(server.url, name, request, signature.result_schema())[language]


def run(server: Served, folder: Path, *command: str) -> str:
    environment = {**os.environ, "PIXELFLOW_KEY": server.key, "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def shell(server: Served, folder: Path, snippet: str) -> str:
    """Run a snippet for the shell, without its line that sets the key."""
    head, _, rest = snippet.partition("\n")
    assert head.startswith("export PIXELFLOW_KEY=")
    (folder / "call.sh").write_text(rest)
    run(server, folder, "bash", "-n", "call.sh")
    return run(server, folder, "bash", "call.sh")


NASTY = 'it\'s "so" $HOME `ls` \\ @file;\nß 🎈 %d ${x}'


@pytest.fixture
def media(tmp_path: Path) -> Path:
    import numpy as np

    picture = noise()
    (tmp_path / "image.png").write_bytes(picture_file(picture, ".png"))
    (tmp_path / "mask.png").write_bytes(picture_file(picture.convert("L"), ".png"))
    (tmp_path / "images.png").write_bytes(picture_file(picture, ".png"))
    (tmp_path / "audio.wav").write_bytes(sound_file(pf.Audio(np.zeros((1, 800), np.float32), 8000), ".wav"))
    frames = np.zeros((4, 16, 16, 3), np.uint8)
    (tmp_path / "video.mp4").write_bytes(film_file(pf.Video(frames, 8), ".mp4"))
    return tmp_path


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
def test_curl_gets_the_picture_of_any_prompt(server: Served, tmp_path: Path) -> None:
    for text in ("a red circle", NASTY):
        shell(server, tmp_path, said(server, "stamp", "curl", text=text))
        assert same(PIL.Image.open(tmp_path / "stamp.png"), stamp(text))


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
def test_curl_sends_files_as_they_lie_there(server: Served, media: Path) -> None:
    shell(server, media, told(server, "turn")["curl"])
    turned = noise().transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT)
    assert same(PIL.Image.open(media / "turn.png"), turned)
    job = json.loads(shell(server, media, told(server, "media")["curl"]))
    assert job["status"] == "succeeded"
    assert job["outputs"]["images"][0]["width"] == 16


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
def test_curl_gets_plain_values_and_old_versions(server: Served, tmp_path: Path) -> None:
    job = json.loads(shell(server, tmp_path, said(server, "say-it", "curl", text=NASTY)))
    assert json.loads(job["outputs"]["said"])[0] == NASTY
    job = json.loads(shell(server, tmp_path, told(server, "stamp", 1)["curl"]))
    assert (job["status"], job["version"]) == ("succeeded", 1)


@pytest.mark.slow
def test_python_gets_the_picture_of_any_prompt(server: Served, media: Path) -> None:
    for name, text in (("stamp", NASTY), ("turn", None), ("say-it", NASTY), ("media", None)):
        snippet = said(server, name, "python", **({"text": text} if text else {}))
        (media / f"{name}.py").write_text(snippet)
        out = run(server, media, sys.executable, f"{name}.py")
        if name == "say-it":
            assert json.loads(out)[0] == NASTY
    assert same(PIL.Image.open(media / "stamp.png"), stamp(NASTY))
    assert PIL.Image.open(media / "turn.png").size == (16, 12)
    assert 'client.flow("stamp", version=1)(' in told(server, "stamp", 1)["python"].replace("'", '"')


def test_python_snippets_are_written_as_ruff_writes(server: Served) -> None:
    for name in ("stamp", "turn", "say-it", "media", "drawn", "large"):
        snippet = told(server, name)["python"]
        done = subprocess.run(
            [sys.executable, "-m", "ruff", "check", "--select", "E,F,I", "--line-length", "120", "-"],
            input=snippet,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + snippet


@pytest.fixture(scope="module")
def built(server: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the TypeScript snippets as JavaScript, checked by tsc on the way."""
    compiler = JS / "node_modules" / ".bin" / "tsc"
    assert compiler.exists(), "The front end's packages are missing: make setup."
    folder = tmp_path_factory.mktemp("typescript")
    (folder / "package.json").write_text('{"type": "module"}')
    for name in ("stamp", "turn", "say-it", "media", "drawn", "large"):
        values = {"text": NASTY} if name in ("stamp", "say-it") else {}
        (folder / f"{name}.ts").write_text(said(server, name, "typescript", **values))
    settings = "--strict --target es2022 --module nodenext --moduleResolution nodenext --skipLibCheck --types node"
    roots = ["--typeRoots", str(JS / "node_modules" / "@types")]
    files = sorted(str(path) for path in folder.glob("*.ts"))
    done = subprocess.run(
        [str(compiler), *settings.split(), *roots, *files], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return folder


def test_typescript_gets_the_picture_of_any_prompt(server: Served, built: Path, media: Path) -> None:
    run(server, media, "node", str(built / "stamp.js"))
    assert same(PIL.Image.open(media / "stamp.png"), stamp(NASTY))
    run(server, media, "node", str(built / "turn.js"))
    assert PIL.Image.open(media / "turn.png").size == (16, 12)
    assert "said" in run(server, media, "node", str(built / "say-it.js"))
    assert "large" not in run(server, media, "node", str(built / "drawn.js"))
    assert str(2**60 + 1) in run(server, media, "node", str(built / "large.js"))


def test_names_that_a_language_cannot_spell_are_quoted() -> None:
    request = {
        "properties": {
            "input-image": {"type": "string", "examples": ["x"]},
            "class": {"type": "integer", "default": 1},
        },
        "required": ["input-image"],
    }
    result = {"properties": {"the-image": {"type": "object", "x-type": "image"}}}
    made = snippets("http://127.0.0.1:1", "2-new", request, result)
    assert "**{\n        'input-image': \"x\"," in made["python"]
    assert "client['2-new'](" in made["python"]
    compile(made["python"], "snippet", "exec")
    assert '"input-image": string;' in made["typescript"]
    assert "function call2New(inputs: Inputs2New)" in made["typescript"]
    assert 'outputs["the-image"].url' in made["typescript"]


def test_no_snippet_holds_a_key(server: Served) -> None:
    for snippet in told(server, "stamp").values():
        assert "pf_" not in snippet
        assert "PIXELFLOW_KEY" in snippet
