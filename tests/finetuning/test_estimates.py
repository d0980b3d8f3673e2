"""What a training will cost is told before it starts, from shapes alone, and what cannot be is refused with it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import ModelError, TrainingError
from pixelflow_widgets.finetuning import estimates
from pixelflow_widgets.finetuning.estimates import check_memory, estimate, in_words, seconds_left
from pixelflow_widgets.finetuning.settings import Settings
from pixelflow_widgets.finetuning.weighing import weigh
from tests.zoo import Zoo

from .results.learnt import pipeline_of


def settings(**given: Any) -> Settings:
    usual: dict[str, Any] = {
        "steps": 100,
        "rank": 4,
        "alpha": 4.0,
        "batch": 2,
        "resolution": 64,
        "prior": 0.0,
        "text_encoders": False,
        "convolutions": False,
        "gradient_checkpointing": False,
        "sample_every": 50,
    }
    return Settings(**usual | given)


@pytest.fixture
def model(zoo: Zoo) -> pf.Model:
    return pf.Model(str(zoo("sdxl")))


def test_what_is_told_of_memory_and_time_follows_the_settings(model: pf.Model) -> None:
    plain = estimate(settings(), model)
    assert plain.bytes < estimate(settings(batch=4), model).bytes
    assert plain.bytes < estimate(settings(resolution=128), model).bytes
    assert plain.bytes < estimate(settings(prior=1.0), model).bytes
    assert plain.bytes < estimate(settings(text_encoders=True), model).bytes
    assert estimate(settings(gradient_checkpointing=True), model).bytes < plain.bytes
    assert estimate(settings(accumulation=4), model).bytes == plain.bytes
    assert plain.seconds < estimate(settings(steps=200, sample_every=100), model).seconds
    assert plain.seconds < estimate(settings(gradient_checkpointing=True), model).seconds
    assert plain.seconds < estimate(settings(accumulation=4), model).seconds
    assert plain.seconds < estimate(settings(sample_every=5), model).seconds


def test_methods_learn_as_many_numbers_as_they_really_do(zoo: Zoo, model: pf.Model) -> None:
    from pixelflow_widgets.finetuning.learner import Learner
    from pixelflow_widgets.finetuning.methods import METHODS

    for given in (settings(), settings(convolutions=True, rank=8), settings(text_encoders=True)):
        pipeline = pipeline_of(zoo("sdxl"))
        for part in (pipeline.unet, pipeline.text_encoder, pipeline.text_encoder_2):
            part.requires_grad_(False)
        taught = METHODS["lora"](Learner(pipeline, "cpu"), given)
        taught.lay()
        real = sum(weight.numel() for group in taught.groups() for weight in group["params"])
        assert estimate(given, model).learnt == real
    unet = pipeline_of(zoo("sdxl")).unet
    assert estimate(settings(method="full"), model).learnt == sum(weight.numel() for weight in unet.parameters())
    assert estimate(settings(method="prompt"), model).learnt == 0


@pytest.mark.parametrize(
    ("animal", "method"), [("sdxl", "lora"), ("sdxl", "full"), ("sd15", "full"), ("starter", "lora")]
)
def test_what_is_said_to_be_kept_for_the_way_back_is_about_what_is(zoo: Zoo, animal: str, method: Any) -> None:
    import torch
    from diffusers import UNet2DConditionModel
    from peft import LoraConfig

    card = pf.models.card_of("starter")
    assert card is not None
    place = Path(card.source) if animal == "starter" else zoo(animal)
    config = json.loads((place / "unet" / "config.json").read_text(encoding="utf-8"))
    given = settings(method=method)
    said = weigh(config, given, 16, 32, is_half=False)

    unet: Any = UNet2DConditionModel.from_config(config)
    unet.requires_grad_(method == "full")
    if method == "lora":
        layers = ["to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2"]
        unet.add_adapter(LoraConfig(r=4, lora_alpha=4, target_modules=layers))
    own = {weight.untyped_storage().data_ptr() for weight in unet.parameters()}
    alive, kept = [], {}

    def keep(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            alive.append(tensor)
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    more: dict[str, Any] = {}
    if config.get("addition_embed_type") == "text_time":
        width = config["projection_class_embeddings_input_dim"] - 6 * config["addition_time_embed_dim"]
        more["added_cond_kwargs"] = {"text_embeds": torch.randn(1, width), "time_ids": torch.ones(1, 6)}
    context = torch.randn(1, 32, config["cross_attention_dim"], requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        unet.train()(torch.randn(1, 4, 16, 16, requires_grad=True), torch.tensor([500]), context, **more)
    assert said.kept == pytest.approx(sum(kept.values()), rel=0.15)
    assert said.kept_saving < said.kept / 1.5
    assert said.work > 2 * said.numbers / 4


def test_half_precision_keeps_half(model: pf.Model, zoo: Zoo) -> None:
    config = json.loads((zoo("sdxl") / "unet" / "config.json").read_text(encoding="utf-8"))
    whole, half = (weigh(config, settings(), 8, 16, is_half) for is_half in (False, True))
    assert half.kept == pytest.approx(whole.kept / 2, rel=0.05)
    assert half.work == whole.work


def test_teaching_everything_is_refused_with_the_estimate_where_memory_is_short(
    model: pf.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = settings(method="full", base=model.source)
    check_memory(full)
    monkeypatch.setattr(estimates, "_free", lambda _: 1_000_000)
    with pytest.raises(
        TrainingError,
        match=r"needs about [\d.]+ MB of memory on .*, and 1\.0 MB are free\. Set method to 'lora'",
    ):
        check_memory(full)
    check_memory(replace(full, method="lora"))
    lora = estimate(replace(full, method="lora"))
    assert not lora.fits
    assert "that may not be enough. Roughly; the first steps will tell." in str(lora)


def test_a_single_file_and_a_pipeline_of_the_notebook_are_weighed_too(zoo: Zoo) -> None:
    folder = estimate(settings(), pf.Model(str(zoo("sdxl"))))
    live = estimate(settings(), pf.Model.from_object(pipeline_of(zoo("sdxl"))))
    assert live.learnt == folder.learnt
    single = estimate(settings(), pf.Model(str(zoo("sdxl_checkpoint"))))
    uneven = estimate(settings(), pf.Model(str(zoo("sdxl_uneven"))))
    assert single.learnt == uneven.learnt


def test_a_base_that_has_no_unet_is_refused_in_words(zoo: Zoo) -> None:
    with pytest.raises(ModelError, match="has no UNet that says how it is built"):
        estimate(settings(), pf.Model(str(zoo("flux"))))


def test_an_estimate_says_that_it_is_rough(model: pf.Model) -> None:
    told = str(estimate(settings(), model))
    assert told.startswith("About ")
    assert told.endswith("free. Roughly; the first steps will tell.")


def test_measured_steps_take_the_place_of_the_estimate() -> None:
    assert seconds_left([], 100) is None
    assert seconds_left([30.0, 0.5, 0.5, 0.5], 100) == 50, "the first step makes ready"
    assert seconds_left([1.0] * 100 + [2.0] * 50, 10) == 20, "what it takes now counts"


def test_times_are_said_as_people_say_them() -> None:
    times = {0.2: "1 second", 40: "40 seconds", 170: "3 minutes", 9000: "2.5 hours", 3e5: "3.5 days"}
    assert {seconds: in_words(seconds) for seconds in times} == times


def test_the_room_of_estimates_is_entered_without_torch() -> None:
    code = "import sys, pixelflow_widgets.finetuning.estimates; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
