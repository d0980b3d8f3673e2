"""Adapters change what a base model paints, and nothing of the base model itself."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media import Adapter
from pixelflow_widgets.models.loading import generator, lend
from pixelflow_widgets.models.memory import memory
from tests.zoo import Zoo

from .test_loading import Notes

STEPS = 3

pytestmark = pytest.mark.filterwarnings("ignore:Already found a `peft_config`")


def painted(model: pf.Model, prompt: str = "a red circle", **options: Any) -> bytes:
    with lend(model, "text_to_image", Notes()) as loan:
        return picture(loan, prompt, **options).tobytes()


def picture(loan: Any, prompt: str = "a red circle", **options: Any) -> PIL.Image.Image:
    return loan.pipeline(
        prompt=prompt,
        num_inference_steps=STEPS,
        width=32,
        height=32,
        generator=generator(5),
        callback_on_step_end=loan.after_step(Notes(), STEPS),
        **options,
    ).images[0]


def weights_of(model: pf.Model) -> dict[str, bytes]:
    """The weights of a base model, by name, after adapters were taken out of memory."""
    with lend(model, "text_to_image", Notes()) as loan:
        parts = {"unet": loan.pipeline.unet, "text_encoder": loan.pipeline.text_encoder}
        return {
            f"{part}.{name}": tensor.detach().numpy().tobytes()
            for part, module in parts.items()
            for name, tensor in module.state_dict().items()
        }


@pytest.fixture
def model(zoo: Zoo) -> pf.Model:
    return pf.Model(str(zoo("sdxl")))


@pytest.fixture
def ink(zoo: Zoo) -> str:
    return str(zoo("lora_sdxl"))


@pytest.fixture
def chalk(zoo: Zoo) -> str:
    return str(zoo("lora_sdxl_second"))


def test_a_lora_changes_the_picture_more_the_more_it_weighs(model: pf.Model, ink: str) -> None:
    pictures = {painted(model.with_adapter(ink, weight)) for weight in (-1.0, 0.5, 1.0)} | {painted(model)}
    assert len(pictures) == 4


@pytest.mark.parametrize("kind", ["lora", "ip_adapter", "embedding"])
def test_weight_zero_is_as_if_it_were_not_there_whatever_the_adapter(model: pf.Model, zoo: Zoo, kind: Any) -> None:
    source = str(zoo({"lora": "lora_sdxl", "ip_adapter": "ip_adapter_sdxl", "embedding": "embedding_sdxl"}[kind]))
    plain = painted(model, "a zoo-dog")
    assert painted(model.with_adapter(source, 0, kind=kind), "a zoo-dog") == plain
    if kind != "embedding":  # where a schedule says nothing
        nothing = Adapter(source, 1.0, kind, schedule=((0, 0), (1, 0)))
        assert painted(model.with_adapter(nothing), "a zoo-dog") == plain


def test_taking_a_lora_away_gives_the_base_back_bit_for_bit(model: pf.Model, ink: str, chalk: str) -> None:
    memory.free()
    before, plain = weights_of(model), painted(model)
    painted(model.with_adapter(ink, 0.7).with_adapter(chalk, -0.4))
    assert painted(model) == plain, "the LoRAs lie beside the weights, and do nothing"
    for kept in memory.all():
        if isinstance(kept.key, tuple) and kept.key[0] == "lora":
            memory.drop([kept.key])
            kept.holders[0].let_go(kept)
    assert weights_of(model) == before, "the layers are what they were, names and all"
    assert painted(model) == plain


def test_two_loras_mix_and_their_order_does_not_matter_much(model: pf.Model, ink: str, chalk: str) -> None:
    both = painted(model.with_adapter(ink, 0.6).with_adapter(chalk, 0.6))
    assert len({both, painted(model.with_adapter(ink, 0.6)), painted(model.with_adapter(chalk, 0.6))}) == 3
    assert painted(model.with_adapter(ink, 0.6).with_adapter(chalk, 0)) == painted(model.with_adapter(ink, 0.6))


def test_a_lora_that_is_there_twice_counts_twice(model: pf.Model, ink: str) -> None:
    twice = model.with_adapter(ink, 0.25).with_adapter(ink, 0.5)
    assert painted(twice) == painted(model.with_adapter(ink, 0.75))
    assert painted(model.with_adapter(ink, 0.5).with_adapter(ink, -0.5)) == painted(model)


def test_the_same_picture_as_by_hand(model: pf.Model, ink: str, chalk: str) -> None:
    from diffusers import DiffusionPipeline

    pipeline = DiffusionPipeline.from_pretrained(model.source)
    pipeline.set_progress_bar_config(disable=True)
    for name, source in (("ink", ink), ("chalk", chalk)):
        pipeline.load_lora_weights(source, adapter_name=name)
    pipeline.set_adapters(["ink", "chalk"], [0.7, -0.3])
    by_hand = pipeline(
        prompt="a red circle", num_inference_steps=STEPS, width=32, height=32, generator=generator(5)
    ).images[0]
    assert painted(model.with_adapter(ink, 0.7).with_adapter(chalk, -0.3)) == by_hand.tobytes()


def test_a_schedule_weighs_each_step_anew(model: pf.Model, ink: str) -> None:
    seen: list[float] = []

    def watch(loan: Any) -> None:
        layer = next(module for module in loan.pipeline.unet.modules() if getattr(module, "scaling", None))

        def note(*_: Any) -> None:
            seen.append(round(next(iter(layer.scaling.values())), 6))

        layer.register_forward_pre_hook(note)

    falling = Adapter(ink, 0.8, schedule=((0.0, 1.0), (1.0, 0.25)))
    with lend(model.with_adapter(falling), "text_to_image", Notes()) as loan:
        watch(loan)
        falls = picture(loan).tobytes()
    assert seen[:STEPS] == [0.8, 0.6, 0.4]
    constant = Adapter(ink, 0.8, schedule=((0.0, 1.0),))
    assert painted(model.with_adapter(constant)) == painted(model.with_adapter(ink, 0.8)) != falls
    assert painted(model.with_adapter(falling)) == falls, "it begins anew each time"


def kohya_file(path: Path, base: Path, scale: float = 0.3) -> Path:
    """A LoRA as kohya's scripts name and save it: UNet and text encoder, each layer with its alpha."""
    import torch
    from diffusers import UNet2DConditionModel
    from safetensors.torch import save_file
    from transformers import CLIPTextModel

    tensors: dict[str, Any] = {}
    layers = {
        "lora_unet": (
            UNet2DConditionModel.from_pretrained(base, subfolder="unet"),
            ("to_q", "to_k", "to_v", "to_out.0"),
        ),
        "lora_te_text_model": (
            CLIPTextModel.from_pretrained(base, subfolder="text_encoder"),
            ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"),
        ),
    }
    for prefix, (module, names) in layers.items():
        for name, layer in module.named_modules():
            if name.endswith(names):
                key = f"{prefix}_{name.removeprefix('text_model.').replace('.', '_')}"
                tensors[f"{key}.lora_down.weight"] = torch.randn(2, layer.in_features) * scale
                tensors[f"{key}.lora_up.weight"] = torch.randn(layer.out_features, 2) * scale
                tensors[f"{key}.alpha"] = torch.tensor(1.0)
    save_file(tensors, path, metadata={"ss_network_module": "networks.lora", "ss_network_dim": "2"})
    return path


def test_a_lora_of_kohyas_names_reaches_the_text_encoder_too(zoo: Zoo, tmp_path: Path) -> None:
    model, lora = pf.Model(str(zoo("sd15"))), kohya_file(tmp_path / "kohya.safetensors", zoo("sd15"))
    with lend(model.with_adapter(str(lora), 1.0), "text_to_image", Notes()) as loan:
        for part in (loan.pipeline.text_encoder, loan.pipeline.unet):
            layers = [layer for layer in part.modules() if getattr(layer, "scaling", None)]
            assert layers and all(set(layer.scaling.values()) == {0.5} for layer in layers), "alpha / rank"
        changed = picture(loan).tobytes()
    falling = Adapter(str(lora), 1.0, schedule=((0, 0), (1, 1)))
    with lend(model.with_adapter(falling), "text_to_image", Notes()) as loan:
        layer = next(layer for layer in loan.pipeline.text_encoder.modules() if getattr(layer, "scaling", None))
        assert set(layer.scaling.values()) == {0.5}, "texts are encoded before the first step, with the plain weight"
    assert painted(model) != changed


def test_a_lora_serves_all_tasks_of_its_base_and_is_loaded_once(model: pf.Model, ink: str) -> None:
    notes = Notes()
    for task in ("text_to_image", "image_to_image", "inpaint"):
        with lend(model.with_adapter(ink, 1), task, notes):
            pass
    assert sum(note.endswith("pytorch_lora_weights.safetensors …") for note in notes) <= 1


def test_who_lends_the_same_base_within_a_loan_leaves_the_outer_ones_adapters(
    model: pf.Model, ink: str, chalk: str
) -> None:
    alone = painted(model.with_adapter(ink, 0.7))
    with lend(model.with_adapter(ink, 0.7), "text_to_image", Notes()) as loan:
        assert painted(model.with_adapter(chalk, 0.7)) != alone
        assert picture(loan).tobytes() == alone


def test_an_adapter_of_the_notebooks_own_pipeline_is_gone_afterwards(model: pf.Model, ink: str) -> None:
    from diffusers import DiffusionPipeline

    pipeline = DiffusionPipeline.from_pretrained(model.source)
    pipeline.set_progress_bar_config(disable=True)
    held = pf.Model.from_object(pipeline)
    plain = painted(held)
    names = list(pipeline.unet.state_dict())
    assert painted(held.with_adapter(ink, 1.0)) == painted(model.with_adapter(ink, 1.0)) != plain
    assert painted(held) == plain == painted(model) and list(pipeline.unet.state_dict()) == names


def test_adapters_that_the_notebook_put_on_act_before_meanwhile_and_afterwards(
    model: pf.Model, ink: str, chalk: str
) -> None:
    from diffusers import DiffusionPipeline

    pipeline = DiffusionPipeline.from_pretrained(model.source)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.load_lora_weights(ink, adapter_name="mine")
    pipeline.set_adapters(["mine"], [0.7])
    held = pf.Model.from_object(pipeline)
    alone = painted(held)
    assert alone == painted(model.with_adapter(ink, 0.7))
    assert painted(held.with_adapter(chalk, -0.3)) == painted(model.with_adapter(ink, 0.7).with_adapter(chalk, -0.3))
    assert painted(held) == alone and pipeline.get_active_adapters() == ["mine"]
    pipeline.disable_lora()
    assert painted(held.with_adapter(chalk, 0.4)) == painted(model.with_adapter(chalk, 0.4))
    assert painted(held) == painted(model)


def test_an_ip_adapter_looks_at_a_picture_and_is_gone_afterwards(model: pf.Model, zoo: Zoo) -> None:
    looking = model.with_adapter(str(zoo("ip_adapter_sdxl")), 0.8, kind="ip_adapter")
    plain = painted(model)

    def seen(colour: str, handle: pf.Model = looking) -> bytes:
        with lend(handle, "text_to_image", Notes()) as loan:
            assert loan.ip_adapters == 1
            return picture(loan, ip_adapter_image=[PIL.Image.new("RGB", (32, 32), colour)]).tobytes()

    red = seen("red")
    assert len({red, seen("blue"), plain}) == 3
    assert painted(model) == plain
    assert seen("red") == red, "from memory, too"
    falling = Adapter(looking.adapters[0].source, 0.8, "ip_adapter", ((0, 1), (1, 0)))
    assert seen("red", model.with_adapter(falling)) != red
    assert painted(model) == plain


def test_several_ip_adapters_controlnets_and_loras_act_together_and_leave_nothing(
    model: pf.Model, zoo: Zoo, ink: str
) -> None:
    look, other, guide = str(zoo("ip_adapter_sdxl")), str(zoo("ip_adapter_sdxl_other")), str(zoo("controlnet_sdxl"))
    shown = PIL.Image.new("RGB", (32, 32), "red")

    def guided(handle: pf.Model) -> bytes:
        with lend(handle, "control", Notes(), controlnets=[guide]) as loan:
            looks = {"ip_adapter_image": [shown] * loan.ip_adapters} if loan.ip_adapters else {}
            return picture(loan, image=shown, **looks).tobytes()

    plain, alone = painted(model), guided(model)
    one = model.with_adapter(look, 0.7, kind="ip_adapter")
    both = one.with_adapter(other, 0.7, kind="ip_adapter")
    assert len({plain, alone, guided(one), guided(both), guided(both.with_adapter(ink))}) == 5
    assert guided(one.with_adapter(other, 0, kind="ip_adapter")) == guided(one)
    assert guided(model) == alone and painted(model) == plain


@pytest.mark.parametrize(
    ("base", "embedding", "word"), [("sd15", "embedding_sd15", "<zoo-cat>"), ("sdxl", "embedding_sdxl", "zoo-dog")]
)
def test_an_embedding_is_a_word_for_the_time_of_a_loan(zoo: Zoo, base: str, embedding: str, word: str) -> None:
    model = pf.Model(str(zoo(base)))
    taught = model.with_adapter(str(zoo(embedding)), kind="embedding")
    plain, before = painted(model, f"a {word}"), weights_of(model)
    with lend(taught, "text_to_image", Notes()) as loan:
        known = [word in tokenizer.get_vocab() for tokenizer in tokenizers(loan)]
        learnt = picture(loan, f"a {word}").tobytes()
    assert all(known) and learnt != plain
    half = model.with_adapter(str(zoo(embedding)), 0.5, kind="embedding")
    assert painted(half, f"a {word}") not in (plain, learnt)
    with lend(model, "text_to_image", Notes()) as loan:
        assert not any(word in tokenizer.get_vocab() for tokenizer in tokenizers(loan))
        assert picture(loan, f"a {word}").tobytes() == plain
    assert weights_of(model) == before


def tokenizers(loan: Any) -> Iterable[Any]:
    return [part for name in ("tokenizer", "tokenizer_2") if (part := getattr(loan.pipeline, name, None)) is not None]


def test_a_lora_saved_by_peft_itself_is_the_same_lora(model: pf.Model, ink: str, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "peft"
    folder.mkdir()
    tensors = {name.replace("unet.", "base_model.model.", 1): value for name, value in load_file(ink).items()}
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(
        '{"peft_type": "LORA", "r": 4, "lora_alpha": 2, "target_modules": ["to_q"]}'
    )
    assert painted(model.with_adapter(str(folder), 1.0)) == painted(model.with_adapter(ink, 0.5))


def test_an_adapter_that_does_not_fit_is_refused_before_anything_is_loaded(model: pf.Model, zoo: Zoo) -> None:
    notes = Notes()
    wrong = model.with_adapter(str(zoo("lora_flux")), 1.0)
    with (
        pytest.raises(pf.ModelError, match=r"was made for .*Choose an adapter for SDXL\."),
        lend(wrong, "text_to_image", notes),
    ):
        pass
    assert not any("lora" in note for note in notes)
