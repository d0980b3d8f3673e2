from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from typer.testing import CliRunner

import pixelflow_widgets as pf
from pixelflow_widgets.cli import app
from tests.run import logic_nodes as logic
from tests.run import sample_nodes as nodes
from tests.run.test_executor import process_of


@pytest.fixture
def painting(tiny_model: Path, tmp_path: Path) -> Path:
    with pf.Flow("paint") as flow:
        prompt = flow.input("prompt", "a red circle on a blue background")
        options: dict[str, Any] = {"steps": 3, "guidance": 3.0, "width": 64, "height": 64}
        seed = flow.input("seed", 7, min=0)
        image = pf.nodes.text_to_image(prompt=prompt, model=str(tiny_model), seed=seed, **options)
        flow.output("image", image)
    return flow.save(tmp_path / "paint.flow.json")


def invoke(*words: object) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_flow_run_from_the_shell_paints_the_same_pixels(painting: Path, tmp_path: Path, worker: object) -> None:
    done = invoke("run", painting, "--set", "prompt=a green cross", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    path = Path(done.stdout.strip().splitlines()[-1])
    assert path == tmp_path / "out" / "image.png"
    expected = pf.Flow.load(painting).run(prompt="a green cross", backend="inline")["image"]
    with PIL.Image.open(path) as image:
        assert image.tobytes() == expected.tobytes()


def test_json_output_is_one_object_with_everything(painting: Path, tmp_path: Path, worker: object) -> None:
    done = invoke("run", painting, "--set", "seed=9", "--out", tmp_path / "out", "--json")
    told = json.loads(done.stdout)
    assert told["status"] == "done"
    assert told["seeds"] == {"text_to_image.seed": 9}
    assert told["files"] == [str(tmp_path / "out" / "image.png")]


def test_a_picture_that_carries_its_flow_can_be_run(painting: Path, tmp_path: Path, worker: object) -> None:
    invoke("run", painting, "--set", "prompt=a star", "--out", tmp_path / "first")
    done = invoke("run", tmp_path / "first" / "image.png", "--out", tmp_path / "second")
    assert done.exit_code == 0, done.output
    first, second = (PIL.Image.open(tmp_path / name / "image.png").tobytes() for name in ("first", "second"))
    assert first == second


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--set", "promt=x"], "Did you mean 'prompt'"),
        (["--set", "seed=seven"], "Input 'seed' wants a whole number"),
        (["--set", "seed=-1"], "at least 0"),
        (["--set", "nonsense"], "NAME=VALUE"),
        (["--target", "imago"], "Did you mean 'image'"),
    ],
)
def test_wrong_words_are_told_with_exit_code_2(painting: Path, words: list[str], sentence: str) -> None:
    done = invoke("run", painting, *words)
    assert done.exit_code == 2
    assert sentence in done.output


def test_what_is_no_flow_is_told_with_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]")
    done = invoke("run", tmp_path / "x.json")
    assert (done.exit_code, "not a flow file" in done.output) == (2, True)
    done = invoke("run", tmp_path / "none.flow.json", "--json")
    assert done.exit_code == 2
    assert "cannot be read" in json.loads(done.stdout)["error"]


def test_a_failed_node_is_told_with_exit_code_1(tmp_path: Path) -> None:
    with pf.Flow("fails") as flow:
        flow.output("text", nodes.fails(text="no luck"))
    done = invoke("run", flow.save(tmp_path / "fails.flow.json"), "--out", tmp_path, "--backend", "inline")
    assert done.exit_code == 1
    assert "'Fails' failed: ValueError: no luck" in done.output


def test_problems_come_as_data_in_json(tmp_path: Path) -> None:
    flow = pf.Flow("wrong")
    flow.add("text_to_image")
    flow.add("resize_image")
    flow.output("image", flow.nodes["resize_image"]["image"])
    done = invoke("run", flow.save(tmp_path / "wrong.flow.json"), "--json")
    assert done.exit_code == 2
    problems = json.loads(done.stdout)["problems"]
    assert {(problem["code"], problem["node"]) for problem in problems} >= {("missing-input", "resize_image")}


def test_text_and_numbers_are_printed(tmp_path: Path) -> None:
    with pf.Flow("words") as flow:
        flow.output("words", pf.nodes.prompt(text=flow.input("text", "hello")))
        flow.output("number", pf.nodes.number(value=flow.input("value", 1.5)))
    path = flow.save(tmp_path / "words.flow.json")
    done = invoke("run", path, "--set", "text=a=b", "--set", "value=2", "--out", tmp_path / "o", "--backend", "inline")
    assert done.exit_code == 0, done.output
    assert "words: a=b\nnumber: 2.0\n" in done.stdout


def test_pictures_are_read_from_files(tmp_path: Path) -> None:
    flow = pf.Flow("photo")
    photo = flow.input("photo", type=pf.Image)
    flow.output("small", flow.add("resize_image", image=photo, width=4, height=4)["image"])
    path = flow.save(tmp_path / "photo.flow.json")
    nodes.gradient(16).save(tmp_path / "photo.png")
    done = invoke("run", path, "--set", f"photo={tmp_path / 'photo.png'}", "--out", tmp_path, "--backend", "inline")
    assert done.exit_code == 0, done.output
    assert PIL.Image.open(tmp_path / "small.png").size == (4, 4)
    assert invoke("run", path, "--set", "photo=none.png").exit_code == 2


def test_ctrl_c_ends_with_130(tmp_path: Path) -> None:
    with pf.Flow("slow") as flow:
        flow.output("number", nodes.announces(count=100_000))
    path = flow.save(tmp_path / "slow.flow.json")
    hears = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    script = f"{hears}; from tests.run import sample_nodes; from pixelflow_widgets.cli import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(Path(pf.__file__).parents[1])}
    command = [sys.executable, "-c", script, "run", str(path)]
    with process_of(command, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stderr
        assert b"begun" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert b"Stopped." in told


def test_a_node_that_asks_takes_the_answer_of_the_command_line(tmp_path: Path) -> None:
    with pf.Flow("asking") as flow:
        flow.output("taken", nodes.double(value=logic.picked(candidates=nodes.numbers(count=14))))
    path = flow.save(tmp_path / "asking.flow.json")
    done = invoke("run", path, "--backend", "inline", "--out", tmp_path / "out", "--answer", "picked=3")
    assert done.exit_code == 0 and "taken: 6" in done.stdout
    asked = invoke("run", path, "--backend", "inline", "--out", tmp_path / "out", "--set", "unused=1")
    assert asked.exit_code == 2
    flow.set("numbers", count=15)
    flow.save(path)
    asked = invoke("run", path, "--backend", "inline", "--out", tmp_path / "out")
    assert asked.exit_code == 1 and "--answer picked=0" in asked.stderr
    assert invoke("run", path, "--answer", "picked").exit_code == 2


def test_every_node_type_is_listed() -> None:
    done = invoke("nodes")
    assert done.exit_code == 0
    assert "text_to_image(prompt, negative_prompt, model" in done.stdout


def test_a_picture_says_how_it_was_made(painting: Path, tmp_path: Path, worker: object) -> None:
    invoke("run", painting, "--set", "prompt=a star, [bold]big[/bold]\x1b[2J", "--out", tmp_path / "out")
    done = invoke("inspect", tmp_path / "out" / "image.png")
    assert done.exit_code == 0, done.output
    for words in ("'paint' with 1 node: Text to image", "a star, [bold]big[/bold]", "torch", "Seed: 7", "Differs"):
        assert words in done.stdout
    assert "\x1b[2J" not in done.stdout
    told = json.loads(invoke("inspect", tmp_path / "out" / "image.png", "--json").stdout)
    assert (told["status"], told["differences"]) == ("done", [])
    assert told["flow"]["inputs"][1]["default"] == 7


def test_pictures_are_saved_bare_when_that_is_wanted(painting: Path, tmp_path: Path, worker: object) -> None:
    invoke("run", painting, "--out", tmp_path / "out", "--no-provenance")
    done = invoke("inspect", tmp_path / "out" / "image.png")
    assert done.exit_code == 1 and "does not say how it was made" in done.stderr


def test_pictures_of_other_programs_are_told_as_what_they_are(tmp_path: Path) -> None:
    from PIL.PngImagePlugin import PngInfo

    for texts, words in [
        ({"parameters": "a cat\nSteps: 20, Seed: 1"}, "there is no flow to open"),
        ({"workflow": '{"nodes": [1, 2]}', "prompt": "{}"}, "a graph of ComfyUI of 2 nodes"),
    ]:
        info = PngInfo()
        for key, text in texts.items():
            info.add_text(key, text)
        PIL.Image.new("RGB", (4, 4)).save(tmp_path / "other.png", pnginfo=info)
        done = invoke("inspect", tmp_path / "other.png")
        assert done.exit_code == 0 and words in " ".join(done.stdout.split())
    (tmp_path / "words.txt").write_text("words")
    assert invoke("inspect", tmp_path / "words.txt").exit_code == 2
    assert json.loads(invoke("inspect", tmp_path / "none.png", "--json").stdout)["status"] == "failed"
