import pytest
import torch
from diffusers import StableDiffusionXLPipeline

from pixelflow_widgets.starter.architecture import build_pipeline, build_tokenizer


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    build_pipeline(seed=0, tiny=True).save_pretrained(folder)
    return folder


def parameters(module):
    return sum(weight.numel() for weight in module.parameters())


def paint(pipeline, prompt, **options):
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(0)
    return pipeline(prompt, num_inference_steps=2, generator=generator, **options).images[0]


def test_a_tiny_pipeline_is_saved_loaded_and_sampled_by_sdxls_own_class(tiny_folder):
    pipeline = StableDiffusionXLPipeline.from_pretrained(tiny_folder)
    assert paint(pipeline, "a red circle on a blue background").size == (64, 64)
    assert sum(path.stat().st_size for path in tiny_folder.rglob("*.safetensors")) < 1e6


def test_the_folder_carries_the_scheduler_that_the_training_assumes(tiny_folder):
    config = StableDiffusionXLPipeline.from_pretrained(tiny_folder).scheduler.config
    assert (config.prediction_type, config.timestep_spacing) == ("v_prediction", "trailing")
    assert config.rescale_betas_zero_snr


def test_no_negative_prompt_and_an_empty_one_give_the_same_picture(tiny_folder):
    pipeline = StableDiffusionXLPipeline.from_pretrained(tiny_folder)
    without, empty = paint(pipeline, "a star"), paint(pipeline, "a star", negative_prompt="")
    assert without.tobytes() == empty.tobytes()


def test_the_same_seed_builds_the_same_weights_and_leaves_the_callers_random_state_alone():
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    first, second = build_pipeline(3, tiny=True), build_pipeline(3, tiny=True)
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(first.unet.parameters(), second.unet.parameters(), strict=True))


def test_the_real_model_keeps_within_its_budget():
    pipeline = build_pipeline()
    networks = (pipeline.unet, pipeline.vae, pipeline.text_encoder, pipeline.text_encoder_2)
    assert parameters(pipeline.unet) <= 5e6
    assert sum(map(parameters, networks)) * 2 <= 11.5e6
    assert type(pipeline.text_encoder_2).__name__ == "CLIPTextModelWithProjection"


def test_the_tokenizer_has_a_token_for_each_word_of_a_scene_and_loses_no_other_word():
    tokenizer = build_tokenizer()
    caption = "a small green star left of a white square on a black background"
    assert len(tokenizer(caption).input_ids) == len(caption.split()) + 2
    assert tokenizer.decode(tokenizer("Crescent moon, 7 ünits").input_ids, skip_special_tokens=True).split() == [
        "crescent",
        "moon",
        ",",
        "7",
        "ünits",
    ]
    assert tokenizer.model_max_length == 32
