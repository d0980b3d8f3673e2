"""Scripts of the nodes that make films give what the executor gives, in diffusers' own words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.export.formatting import faults
from pixelflow_widgets.media.encoders import film_file, sound_file
from pixelflow_widgets.media.recordings import open_film
from tests.nodes.pictures import scene
from tests.zoo import Zoo

from .test_script import holds, main_of

SMALL: dict[str, Any] = {"width": 64, "height": 64, "steps": 2, "seed": 7}
WORDS: dict[str, tuple[str, dict[str, Any]]] = {
    "LTX": ("ltx_video", {"frames": 9, "fps": 12.5, "guidance": 4.0, "options.guidance_rescale": 0.5}),
    "LTX, at its own pace": ("ltx_video", {"frames": 9, "negative_prompt": "blue", "options.max_sequence_length": 8}),
    "Wan": ("wan", {"frames": 5, "negative_prompt": "blue"}),
    "ModelScope": ("modelscope", {"frames": 4, "fps": 10.0}),
    "AnimateDiff": ("animatediff", {"frames": 4}),
}
PICTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "LTX": ("ltx_video", {"prompt": "it drifts", "frames": 9, "fps": 24.0}),
    "SVD": ("svd", {"frames": 4, "guidance": 2.0, "options.motion_bucket_id": 20, "options.noise_aug_strength": 0.5}),
    "SVD, at its own length": ("svd", {"fps": 9.0}),
    "Wan": ("wan_image_to_video", {"prompt": "it drifts", "frames": 5, "guidance": 3.0}),
}


def filmed(zoo: Zoo, model: str, **values: Any) -> pf.Flow:
    """Return a flow that films a prompt, which is an input."""
    flow = pf.Flow("film")
    prompt = flow.input("prompt", "a red circle")
    node = flow.add("text_to_video", id="shot", prompt=prompt, model=str(zoo(model)), **{**SMALL, **values})
    flow.output("video", node["video"])
    return flow


def continued(zoo: Zoo, model: str, **values: Any) -> pf.Flow:
    """Return a flow that films what follows a picture, which is an input."""
    flow = pf.Flow("film")
    image = flow.input("picture", type=pf.Image)
    node = flow.add("image_to_video", id="shot", image=image, model=str(zoo(model)), **{**SMALL, **values})
    flow.output("video", node["video"])
    return flow


@pytest.mark.parametrize("case", WORDS)
def test_a_script_films_words_as_the_executor_does(zoo: Zoo, tmp_path: Path, case: str) -> None:
    model, values = WORDS[case]
    script = holds(filmed(zoo, model, **values), tmp_path, prompt="a blue square")
    assert 'generator=torch.Generator("cpu").manual_seed(7)' in script


@pytest.mark.parametrize("case", PICTURES)
def test_a_script_films_what_follows_a_picture_as_the_executor_does(zoo: Zoo, tmp_path: Path, case: str) -> None:
    model, values = PICTURES[case]
    script = holds(continued(zoo, model, **values), tmp_path, picture=scene(1, 80, 50))
    assert 'ImageOps.fit(picture.convert("RGB"), (64, 64))' in script


def test_the_last_picture_is_given_too(zoo: Zoo, tmp_path: Path) -> None:
    flow = continued(zoo, "wan_first_last", frames=5, **{"options.last_image": scene(2)})
    assert "last_image=" in holds(flow, tmp_path, picture=scene(1))


@pytest.mark.parametrize("motion", ["motion_sd15", "motion_sd15_other"])
def test_a_motion_adapter_sets_a_still_model_in_motion(zoo: Zoo, tmp_path: Path, motion: str) -> None:
    script = holds(filmed(zoo, "sd15", motion=str(zoo(motion)), frames=4), tmp_path)
    assert "MotionAdapter.from_pretrained(" in script
    assert "AnimateDiffPipeline.from_pretrained(" in script


def test_a_still_and_its_film_share_the_weights(zoo: Zoo, tmp_path: Path) -> None:
    flow = filmed(zoo, "sd15", motion=str(zoo("motion_sd15")), frames=4)
    still = flow.add("text_to_image", prompt="a circle", model=str(zoo("sd15")), **SMALL)
    flow.output("still", still["image"])
    holds(flow, tmp_path)


def test_a_film_without_a_size_has_the_shape_of_the_picture(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diffusers import StableVideoDiffusionPipeline

    call = StableVideoDiffusionPipeline.__call__.__wrapped__  # type: ignore[attr-defined]
    _, _, *others = call.__defaults__
    monkeypatch.setattr(call, "__defaults__", (64, 128, *others))  # a film as large as that takes long
    for size in ((96, 48), (48, 96)):
        flow = continued(zoo, "svd", frames=2, steps=1, width=None, height=None)
        script = holds(flow, tmp_path, picture=scene(0, *size))
        assert "size_like(picture, 128 * 64, 64)" in script


def test_a_size_that_nobody_names_is_the_models_own(zoo: Zoo, tmp_path: Path) -> None:
    script = holds(filmed(zoo, "modelscope", frames=2, width=None, height=None), tmp_path)
    assert "pipe.unet.config.sample_size * 8" in script


def test_prompts_pictures_and_speeds_may_come_as_lists(zoo: Zoo, tmp_path: Path) -> None:
    flow = pf.Flow("films")
    prompts, speeds = flow.input("prompts", ["a circle", "a square"]), flow.input("speeds", [8.0, 12.5])
    node = flow.add("text_to_video", prompt=prompts, fps=speeds, model=str(zoo("ltx_video")), frames=9, **SMALL)
    flow.output("videos", node["video"])
    script = holds(flow, tmp_path)
    assert script.count("from_pretrained(") == 1
    assert "for prompt, speed in paired(prompts, speeds)" in script
    assert "frame_rate=speed" in script


def test_numbers_may_be_arguments(zoo: Zoo, tmp_path: Path) -> None:
    flow = continued(zoo, "svd", frames=2)
    for name, value in {"fps": 7.0, "guidance": 2.0, "seed": 1}.items():
        flow.set("shot", **{name: flow.input(name, value)})
    script = holds(flow, tmp_path, picture=scene(1), fps=9.0, guidance=1.5, seed=2)
    assert "fps=round(fps)" in script


def test_a_film_goes_on_to_nodes_of_films(zoo: Zoo, tmp_path: Path) -> None:
    flow = pf.Flow("film")
    shot = flow.add("text_to_video", prompt="a circle", model=str(zoo("wan")), frames=5, **SMALL)
    flow.output("cut", flow.add("trim_video", video=shot["video"], end=0.2)["video"])
    assert "def main() -> Video:" in holds(flow, tmp_path)


def test_a_call_is_what_somebody_who_knows_diffusers_writes(zoo: Zoo, tmp_path: Path) -> None:
    script = holds(filmed(zoo, "ltx_video", frames=9, guidance=4.0), tmp_path)
    call = " ".join(main_of(script).split())
    assert (
        "pipe( prompt=prompt, width=64, height=64, num_inference_steps=2, guidance_scale=4.0, num_frames=9, "
        'frame_rate=24, output_type="np", generator=torch.Generator("cpu").manual_seed(7), ).frames[0]'
    ) in call


@pytest.mark.parametrize("sound", ["", "sound.wav"])
def test_the_command_line_writes_a_film_to_a_file(tmp_path: Path, sound: str) -> None:
    flow = pf.Flow("film")
    images = flow.input("pictures", type=list[pf.Image])
    heard: dict[str, Any] = {"audio": flow.add("load_audio", path=sound)["audio"]} if sound else {}
    flow.output("video", flow.add("frames_to_video", images=images, **heard)["video"])
    for number in range(8):
        scene(number, 33, 24).save(tmp_path / f"{number}.png")
    (tmp_path / "sound.wav").write_bytes(sound_file(pf.Audio(np.zeros((1, 22050), np.float32), 22050), ".wav"))
    (tmp_path / "film.py").write_text(flow.to_script())
    given = [f"{number}.png" for number in range(8)]
    subprocess.run([sys.executable, "film.py", "--pictures", *given], cwd=tmp_path, check=True)
    film = open_film((tmp_path / "video.mp4").read_bytes())
    assert film.frames.shape == (8, 24, 34, 3)  # of an odd width, the last column is there twice
    assert film.fps == 8
    assert np.abs(film.frames[3, :, :33].astype(int) - np.asarray(scene(3, 33, 24), int)).mean() < 20
    assert (film.audio is not None) is bool(sound)


def test_the_command_line_reads_a_film_from_a_file(tmp_path: Path) -> None:
    flow = pf.Flow("film")
    frames = flow.add("video_to_frames", video=flow.input("video", type=pf.Video))
    flow.output("count", flow.add("count_items", items=frames["images"])["number"])
    film = pf.Video(np.zeros((5, 16, 16, 3), np.uint8), 8)
    (tmp_path / "given.mp4").write_bytes(film_file(film, ".mp4"))
    script = flow.to_script()
    assert faults(script) == ""
    (tmp_path / "film.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "film.py", "--video", "given.mp4"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert done.stdout == "5\n"


@pytest.mark.parametrize(
    ("model", "words"),
    [("ltx-video", "LTXPipeline.from_pretrained"), ("wan", "WanPipeline.from_pretrained")],
)
def test_models_that_are_not_here_are_written_with_what_suits_them(model: str, words: str) -> None:
    flow = pf.Flow("elsewhere")
    flow.output("video", flow.add("text_to_video", prompt="a boat", model=model)["video"])
    script = flow.to_script()
    assert words in script
    assert "num_inference_steps=50" in script


@pytest.mark.parametrize(
    ("node_type", "model", "values", "words"),
    [
        ("image_to_video", "svd", {"prompt": "it moves"}, "reads no words"),
        ("image_to_video", "wan_first_last", {}, "films from the first to the last picture"),
        ("image_to_video", "wan_image_to_video", {"options.last_image": scene(2)}, "was not taught how a film ends"),
        ("image_to_video", "ltx_video", {"width": 48}, "multiples of 32 pixels; 48 is not one"),
    ],
)
def test_what_the_run_refuses_is_no_script(
    zoo: Zoo, node_type: str, model: str, values: dict[str, Any], words: str
) -> None:
    given = {"prompt": "a circle"} if node_type == "text_to_video" else {"image": scene(1)}
    flow = pf.Flow("film")
    flow.output("video", flow.add(node_type, model=str(zoo(model)), **{**SMALL, **given, **values})["video"])
    with pytest.raises(pf.ExportError, match=words):
        flow.to_script()
