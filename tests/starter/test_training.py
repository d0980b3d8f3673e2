import random
import time

import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from safetensors import safe_open

from pixelflow_widgets.finetuning.checkpoints import Clock
from pixelflow_widgets.models.sketch import Sketch
from pixelflow_widgets.starter import diffusion, training
from pixelflow_widgets.starter.architecture import build_pipeline
from pixelflow_widgets.starter.autoencoder import train_autoencoder, train_decoder
from pixelflow_widgets.starter.muon import orthogonalise
from pixelflow_widgets.starter.preview import encoded, train_sketch


class StopAfter(Clock):
    """A clock that cuts the training short after some steps."""

    def __init__(self, steps):
        super().__init__(every=1e9)
        self.steps = steps

    def due(self):
        self.steps -= 1
        return False

    def over(self):
        return self.steps <= 0


def train(folder, **options):
    small = {"vae_views": 32, "decoder_views": 32, "scenes": 64, "tiny": True}
    return training.train(folder / "model", checkpoints=folder / "state", **small, **options)


def quiet(line):
    pass


def weights(module):
    return torch.cat([weight.detach().flatten() for weight in module.parameters()])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    assert train(folder, views=64)
    return folder


@pytest.mark.parametrize("options", [{}, {"dtype": torch.float32}])
def test_a_training_writes_a_folder_that_loads_in_single_precision_and_paints(trained, options):
    pipeline = StableDiffusionXLPipeline.from_pretrained(trained / "model", **options)
    pipeline.set_progress_bar_config(disable=True)
    assert pipeline.unet.dtype == pipeline.vae.dtype == torch.float32
    assert pipeline.text_encoder.dtype == pipeline.text_encoder_2.dtype == torch.float32
    assert pipeline("a red circle on a blue background", num_inference_steps=2).images[0].size == (64, 64)


def test_the_folder_holds_half_precision_weights_and_a_sketch_for_live_previews(trained):
    with safe_open(trained / "model" / "unet" / "diffusion_pytorch_model.safetensors", "pt") as file:
        assert {file.get_tensor(name).dtype for name in file.keys()} == {torch.float16}  # noqa: SIM118
    sketch = Sketch.load(trained / "model")
    assert sketch is not None
    assert sketch(torch.zeros(2, 4, 16, 16)).shape == (2, 3, 64, 64)


def test_a_sketch_learns_what_the_autoencoder_makes_of_latents():
    pipeline = build_pipeline(0, tiny=True)
    latents, images = encoded(pipeline, 16, random.Random(5))

    def distance(steps):
        return float((train_sketch(pipeline, steps=steps, scenes=32)(latents) - images).abs().mean())

    assert distance(30) < distance(1) / 2


def test_a_training_of_the_unet_cut_short_resumes_to_the_same_weights(tmp_path):
    latents = diffusion.Latents(torch.randn(64, 4, 16, 16).half(), torch.randint(500, (64, 32)))
    results = []
    for name, cuts in {"whole": [9], "cut": [2, 9]}.items():
        for steps in cuts:
            pipeline = build_pipeline(0, tiny=True)
            ended = diffusion.train_diffusion(pipeline, latents, tmp_path / name, 128, StopAfter(steps), quiet)
        assert ended
        results.append(weights(pipeline.unet))
    assert torch.equal(*results)


def test_a_training_of_the_vae_cut_short_resumes_to_the_same_weights(tmp_path):
    results = []
    for name, cuts in {"whole": [9], "cut": [1, 9]}.items():
        for steps in cuts:
            pipeline = build_pipeline(0, tiny=True)
            ended = train_autoencoder(pipeline.vae, tmp_path / name, 48, StopAfter(steps), quiet)
        assert ended
        results.append(weights(pipeline.vae))
    assert torch.equal(*results)


def test_sharpening_the_decoder_leaves_the_encoder_as_it_was(tmp_path):
    vae = build_pipeline(0, tiny=True).vae
    encoder, decoder = weights(vae.encoder).clone(), weights(vae.decoder).clone()
    assert train_decoder(vae, tmp_path / "decoder", 32, StopAfter(9), quiet)
    assert torch.equal(encoder, weights(vae.encoder)) and not torch.equal(decoder, weights(vae.decoder))


def test_a_training_past_its_hour_stops_and_writes_no_model(tmp_path):
    assert not train(tmp_path, views=64, until="2020-01-01T00:00")
    assert (tmp_path / "state" / "vae.pt").exists()
    assert not (tmp_path / "model").exists()


def test_a_snapshot_of_the_last_checkpoint_can_be_taken(trained, tmp_path):
    assert training.snapshot(tmp_path / "early", checkpoints=trained / "state", tiny=True) == 2
    assert (tmp_path / "early" / "model_index.json").exists()


def test_a_few_steps_lower_the_loss_on_one_batch(tmp_path):
    pipeline = build_pipeline(0, tiny=True)
    clean, tokens = torch.randn(8, 4, 16, 16), torch.randint(500, (8, 32))
    networks = torch.nn.ModuleDict({name: getattr(pipeline, name) for name in diffusion.TRAINED})
    optimizers, losses = diffusion.optimizers(networks), []
    for _ in range(30):
        torch.manual_seed(0)
        loss = diffusion.velocity_loss(pipeline, clean, tokens)
        losses.append(loss.item())
        networks.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("step, expected", [(0, 0.01), (99, 1), (700, 1), (1000, 0.02)])
def test_the_learning_rate_rises_stays_and_falls(step, expected):
    assert diffusion.rate(step, 1000) == pytest.approx(expected)


def test_orthogonalising_brings_singular_values_near_one():
    values = torch.linalg.svdvals(orthogonalise(torch.randn(3, 20, 50)))
    assert 0.5 < values.min() and values.max() < 1.5


def test_an_hour_means_today():
    assert abs(training.moment(time.strftime("%H:%M")) - time.time()) < 90
