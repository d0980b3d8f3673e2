"""Checkpoints in one file, in the layout of their makers: found out, put together without a network, and as good."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media import Model
from pixelflow_widgets.models.cards import card_of
from pixelflow_widgets.models.loading import lend
from pixelflow_widgets.models.safetensors_header import read_header
from pixelflow_widgets.nodes import control, image_to_image, inpaint, text_to_image
from tests.nodes.pictures import middle, scene
from tests.nodes.told import Told
from tests.zoo import Zoo
from tests.zoo.single_files import weights

from .layouts import originals, write

# A folder, and the file of the same weights.
TWINS = {
    "sd15_half": "sd15_checkpoint",
    "sdxl_uneven": "sdxl_checkpoint",
    "sd3_uneven": "sd3_checkpoint",
    "sd15_wide": "sd15_wide_checkpoint",
}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """No network at all, as on a train."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("Something asked the network.")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def painted(model: Model | Path, prompt: str = "a red circle", **options: Any) -> bytes:
    handle = model if isinstance(model, Model) else Model(str(model))
    settings: dict[str, Any] = {"steps": 2, "guidance": 4.0, "width": 64, "height": 48, "seed": 7}
    return text_to_image(prompt, "blue", model=handle, **settings, **options).tobytes()


def refusal(path: Path | str, **options: Any) -> str:
    with pytest.raises(pf.ModelError) as caught, lend(Model(str(path), options), "text_to_image", Told().reporter):
        pass
    return str(caught.value)


@pytest.mark.parametrize(("folder", "file"), TWINS.items())
def test_a_file_paints_the_picture_of_a_folder_of_the_same_weights(zoo: Zoo, folder: str, file: str) -> None:
    image = painted(zoo(file))
    assert image == painted(zoo(folder))
    assert image != painted(zoo(file), "a blue square")
    assert len(set(image)) > 50


def test_detection_names_the_family_of_true_sizes_and_leaves_others_open(zoo: Zoo) -> None:
    found = pf.models.detect(zoo("sd15_wide_checkpoint"))
    assert (found.kind, found.base_model, found.format) == ("model", "SD1.5", "original")
    assert found.parts == ("unet", "vae", "text_encoder")
    for file in ("sd15_checkpoint", "sdxl_checkpoint"):
        found = pf.models.detect(zoo(file))
        assert (found.kind, found.base_model, found.format) == ("model", "", "original")
        assert "base model is open" in found.reason
    assert pf.models.detect(zoo("vae_file_sd15")).kind == "vae"
    assert pf.models.detect(zoo("controlnet_file_sd15")).kind == "controlnet"


@pytest.mark.parametrize("lora", ["lora_sd15", "lora_sd15_kohya"])
def test_a_lora_changes_a_file_as_it_changes_a_folder(zoo: Zoo, lora: str) -> None:
    with_lora = [Model(str(zoo(name))).with_adapter(str(zoo(lora)), 0.8) for name in ("sd15_half", "sd15_checkpoint")]
    first, second = (painted(model) for model in with_lora)
    assert first == second != painted(zoo("sd15_checkpoint"))


def test_all_tasks_of_a_file_paint_with_the_same_parts_and_as_a_folder_does(zoo: Zoo) -> None:
    def made(name: str) -> list[bytes]:
        settings: dict[str, Any] = {"model": Model(str(zoo(name))), "steps": 3, "seed": 7}
        over = image_to_image(scene(1), "a red circle", strength=0.7, **settings)
        return [over.tobytes(), inpaint(scene(1), middle(), "a red circle", **settings).tobytes()]

    assert made("sdxl_checkpoint") == made("sdxl_uneven")
    parts = []
    for task in ("text_to_image", "image_to_image", "inpaint"):
        with lend(str(zoo("sdxl_checkpoint")), task, Told().reporter) as loan:
            parts.append({name: id(loan.pipeline.components[name]) for name in ("unet", "vae", "text_encoder_2")})
    assert parts[0] == parts[1] == parts[2]


def test_a_denoiser_alone_takes_the_rest_of_the_folder_beside_it(zoo: Zoo, tmp_path: Path) -> None:
    alone = zoo("sd15_unet_alone")
    assert painted(alone) == painted(zoo("sd15_half"))
    with lend(str(alone), "text_to_image", Told().reporter) as loan:
        whole = str(alone.with_suffix(""))
        with lend(whole, "text_to_image", Told().reporter) as other:
            assert loan.pipeline.vae is other.pipeline.vae, "what both have is in memory once"
            assert loan.pipeline.unet is not other.pipeline.unet
    orphan = tmp_path / "orphan.safetensors"
    orphan.symlink_to(alone)
    assert f"none is here. Put one into {orphan.with_suffix('')}" in refusal(orphan)


def test_what_a_pipeline_does_without_may_be_lacking(zoo: Zoo) -> None:
    assert painted(zoo("sd3_checkpoint_without_t5")) != painted(zoo("sd3_checkpoint"))
    with lend(str(zoo("sd3_checkpoint_without_t5")), "text_to_image", Told().reporter) as loan:
        assert loan.pipeline.text_encoder_3 is None and loan.pipeline.text_encoder_2 is not None


def test_what_a_checkpoint_lacks_is_named_with_where_to_get_it(zoo: Zoo, tmp_path: Path, hub_cache: Path) -> None:
    why = refusal(zoo("sd15_without_vae"))
    assert why.startswith("'tuned.safetensors' holds no VAE, and no folder of a SD1.5 model is here")
    assert "pixelflow models get sd15" in why and "choose a VAE" in why
    path = write(tmp_path / "flux.safetensors", originals.flux(double=1, single=1))
    assert "a folder of a FLUX.1 model, and none is here. Get one with: pixelflow models get flux-dev" in refusal(path)


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("vae_file_sd15", "is a VAE, not a model that works by itself. Choose it as the VAE of a model"),
        ("controlnet_file_sd15", "is a ControlNet, not a model that works by itself. Give it to the node control."),
        ("lora_sd15_kohya", "is a LoRA, not a model that works by itself. Add it to a model with the node add_lora."),
    ],
)
def test_a_file_that_is_no_model_is_refused_with_what_it_is_for(zoo: Zoo, file: str, sentence: str) -> None:
    assert f"'{zoo(file).name}' {sentence}" in refusal(zoo(file))


def test_a_vae_in_a_file_takes_the_place_of_the_models_own(zoo: Zoo, tmp_path: Path) -> None:
    folder = tmp_path / "vae"
    shutil.copytree(zoo("sd15_half_other") / "vae", folder)
    file = str(zoo("vae_file_sd15"))
    wanted = painted(Model(str(zoo("sd15_half"))).with_options(vae=str(folder)))
    assert wanted != painted(zoo("sd15_half"))
    for base in ("sd15_half", "sd15_checkpoint"):
        assert painted(Model(str(zoo(base))).with_options(vae=file)) == wanted, base


def test_a_checkpoint_without_a_vae_takes_the_one_that_is_chosen_or_that_of_its_family(
    zoo: Zoo, hub_cache: Path
) -> None:
    checkpoint, whole = Model(str(zoo("sd15_without_vae"))), painted(zoo("sd15_wide"))
    assert painted(checkpoint.with_options(vae=str(zoo("vae_file_wide")))) == whole
    card = card_of("sd15")
    assert card is not None and card.revision
    snapshots = hub_cache / f"models--{str(card.source).replace('/', '--')}" / "snapshots"
    snapshots.mkdir(parents=True)
    (snapshots / card.revision).symlink_to(zoo("sd15_wide"), target_is_directory=True)
    assert painted(checkpoint) == whole


def test_a_controlnet_in_a_file_guides_folders_and_files(zoo: Zoo) -> None:
    def made(base: str, guide: str) -> bytes:
        settings: dict[str, Any] = {"steps": 2, "width": 64, "height": 48, "seed": 7}
        guides = [Model(str(zoo(guide)))]
        return control("a red circle", [scene(1, 64, 48)], guides, model=Model(str(zoo(base))), **settings).tobytes()

    wanted = made("sd15_half", "controlnet_half")
    assert wanted != painted(zoo("sd15_half"))
    assert made("sd15_half", "controlnet_file_sd15") == wanted
    assert made("sd15_checkpoint", "controlnet_file_sd15") == wanted


def test_the_zoo_writes_every_tensor_of_a_folder(zoo: Zoo) -> None:
    folder, tensors = zoo("sd15_half"), read_header(zoo("sd15_checkpoint")).tensors
    count = sum(len(weights(folder, part)) for part in ("unet", "vae", "text_encoder"))
    assert len(tensors) == count + 1  # and the numbers of places, which its makers keep
