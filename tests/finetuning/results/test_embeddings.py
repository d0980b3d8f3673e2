"""A learnt word is called by its trigger: in plain diffusers, in a handle, and in the fit check."""

from __future__ import annotations

from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import ModelError
from pixelflow_widgets.finetuning.results import About, write_embedding
from pixelflow_widgets.media import Adapter
from pixelflow_widgets.models.fitting import ground_of, why_unfit
from pixelflow_widgets.models.loading import lend
from tests.models.test_loading import Notes
from tests.zoo import Zoo

from .learnt import about, difference, picture, pipeline_of


def vectors(*names: str, count: int = 2, width: int = 32) -> dict[str, object]:
    import torch

    generator = torch.Generator().manual_seed(2)
    return {name: torch.randn(count, width, generator=generator) for name in names}


def told(base: Path, family: str, **given: object) -> About:
    return about(base, family, method="prompt", rank=None, alpha=None, trigger_words=("<zorb>",), **given)


@pytest.mark.parametrize(
    ("animal", "family", "names"), [("sdxl", "SDXL", ("clip_l", "clip_g")), ("sd15", "SD1.5", ("clip_l",))]
)
def test_a_handle_and_plain_diffusers_paint_the_same_with_a_learnt_word(
    zoo: Zoo, tmp_path: Path, animal: str, family: str, names: tuple[str, ...]
) -> None:
    from safetensors.torch import load_file

    # The file is called otherwise than the word, which the header says.
    path = write_embedding(tmp_path / "my result.safetensors", vectors(*names), told(zoo(animal), family))
    prompt, plain = "a <zorb> here", pipeline_of(zoo(animal))
    before = picture(plain, prompt)
    if animal == "sd15":
        plain.load_textual_inversion(str(tmp_path), weight_name=path.name)
    else:
        for name, end in (("clip_l", ""), ("clip_g", "_2")):
            learner, tokenizer = getattr(plain, f"text_encoder{end}"), getattr(plain, f"tokenizer{end}")
            plain.load_textual_inversion(
                load_file(path)[name], token="<zorb>", text_encoder=learner, tokenizer=tokenizer
            )
    model = pf.Model(str(zoo(animal))).with_adapter(str(path), kind="embedding")
    with lend(model, "text_to_image", Notes()) as loan:
        own = picture(loan.pipeline, prompt)
    assert difference(own, picture(plain, prompt)) == 0
    assert difference(own, before) > 1e-4, "otherwise nothing was shown"


def test_one_text_encoders_word_needs_no_name_in_plain_diffusers(zoo: Zoo, tmp_path: Path) -> None:
    path = write_embedding(tmp_path / "zorb.safetensors", vectors("clip_l"), told(zoo("sd15"), "SD1.5"))
    plain = pipeline_of(zoo("sd15"))
    plain.load_textual_inversion(str(tmp_path), weight_name=path.name)
    assert "<zorb>" in plain.tokenizer.get_vocab()
    assert "<zorb>_1" in plain.tokenizer.get_vocab(), "it has two vectors"


@pytest.mark.parametrize(
    ("animal", "family", "names"), [("sdxl", "SDXL", ("clip_l", "clip_g")), ("sd15", "SD1.5", ("clip_l",))]
)
def test_detect_knows_a_learnt_word_its_base_and_its_trigger(
    zoo: Zoo, tmp_path: Path, animal: str, family: str, names: tuple[str, ...]
) -> None:
    path = write_embedding(tmp_path / "zorb.safetensors", vectors(*names), told(zoo(animal), family))
    found = pf.models.detect(path)
    assert (found.kind, found.base_model, found.trigger_words) == ("embedding", family, ("<zorb>",))


def test_a_word_of_another_base_is_refused_in_words(zoo: Zoo, tmp_path: Path) -> None:
    path = write_embedding(
        tmp_path / "zorb.safetensors", vectors("clip_l", "clip_g", width=64), told(Path("starter"), "Starter")
    )
    why = why_unfit(Adapter(str(path), kind="embedding"), ground_of(pf.Model(str(zoo("sd15")))))
    assert why is not None
    assert "'zorb.safetensors' was made for Starter; the model here is SD1.5." in why


def test_vectors_that_are_those_of_no_word_are_refused(zoo: Zoo, tmp_path: Path) -> None:
    path = tmp_path / "zorb.safetensors"
    with pytest.raises(ModelError, match="has no trigger word"):
        write_embedding(path, vectors("clip_l"), about("sd15", "SD1.5", method="prompt", trigger_words=()))
    with pytest.raises(ModelError, match="here are clip_g"):
        write_embedding(path, vectors("clip_g"), told(zoo("sd15"), "SD1.5"))
    uneven = {**vectors("clip_l", count=1), **vectors("clip_g", count=2)}
    with pytest.raises(ModelError, match="equally many"):
        write_embedding(path, uneven, told(zoo("sd15"), "SD1.5"))
    assert not list(tmp_path.iterdir())
