"""An adapter of another base model is refused, in one sentence everywhere, by its headers alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import pixelflow_widgets as pf
from pixelflow_widgets.media import Adapter
from pixelflow_widgets.models.fitting import (
    adapter_file,
    check_model,
    ground_of,
    trigger_words,
    why_unfit,
    why_unfit_controlnet,
)
from tests.zoo import Zoo

INK = "This adapter 'ink.safetensors' was made for SDXL; the model here is Starter. Choose an adapter for Starter."


def lora_file(path: Path, layers: dict[str, tuple[int, int]], **notes: str) -> Path:
    """A LoRA of rank 1 as diffusers names it; layer → (outputs, inputs)."""
    tensors: dict[str, Any] = {}
    for name, (outputs, inputs) in layers.items():
        tensors[f"{name}.lora_A.weight"] = np.ones((1, inputs), np.float16)
        tensors[f"{name}.lora_B.weight"] = np.ones((outputs, 1), np.float16)
    save_file(tensors, path, metadata=notes or None)
    return path


def cross_attention(width: int, channels: int = 640, block: int = 1) -> dict[str, tuple[int, int]]:
    place = f"unet.down_blocks.{block}.attentions.0.transformer_blocks.0.attn2"
    return {
        f"{place}.to_k": (channels, width),
        f"{place}.to_v": (channels, width),
        f"{place}.to_q": (channels, channels),
    }


@pytest.fixture
def ink(tmp_path: Path) -> Path:
    """A LoRA with the shapes of SDXL."""
    return lora_file(tmp_path / "ink.safetensors", cross_attention(2048))


def faults(model: pf.Model, task: str = "text_to_image") -> list[tuple[str, str]]:
    return [(fault.code, str(fault)) for fault in check_model(task, model)]


def test_a_lora_for_sdxl_is_refused_on_the_starter(ink: Path) -> None:
    assert faults(pf.Model("starter").with_adapter(str(ink))) == [("adapter", INK)]


def test_the_same_sentence_in_four_places_and_no_task_is_sent(ink: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pixelflow_widgets.models.loading import lend
    from pixelflow_widgets.run.backends import WorkerBackend

    with pf.Flow("refused") as flow:
        model = pf.nodes.add_lora(model=pf.Model("starter"), lora=str(ink), weight=0.8)
        flow.output("image", pf.nodes.text_to_image("a red circle", model=model))

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("a task was sent")

    monkeypatch.setattr(WorkerBackend, "execute", never)
    assert any(INK in str(problem) for problem in flow.problems())
    with pytest.raises(pf.FlowProblems) as caught:
        flow.run(backend="worker")
    assert INK in str(caught.value)
    with (
        pytest.raises(pf.ModelError) as raised,
        lend(pf.Model("starter").with_adapter(str(ink)), "text_to_image", lambda *_, **__: None),
    ):
        pass
    assert str(raised.value) == INK
    path = ink.with_name("refused.flow.json")
    flow.save(path)
    done = subprocess.run(
        [sys.executable, "-m", "pixelflow_widgets.cli", "run", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0 and INK in " ".join((done.stdout + done.stderr).split())


def test_a_handle_that_is_only_known_in_the_run_is_checked_there(ink: Path) -> None:
    @pf.node
    def hides(source: str) -> pf.Model:
        return pf.Model("starter").with_adapter(source)

    with pf.Flow("hidden") as flow:
        flow.output("image", pf.nodes.text_to_image("a red circle", model=hides(source=str(ink))))
    assert flow.problems() == []
    with pytest.raises(pf.NodeFailed) as caught:
        flow.run(backend="inline")
    assert INK in str(caught.value)


def test_families_are_told_by_shapes(zoo: Zoo, tmp_path: Path, ink: Path) -> None:
    old = lora_file(tmp_path / "old.safetensors", cross_attention(768))
    assert "was made for SD1.5; the model here is Starter." in faults(pf.Model("starter").with_adapter(str(old)))[0][1]
    tiny = pf.Model(str(zoo("sdxl")))
    (fault,) = faults(tiny.with_adapter(str(ink)))
    assert fault[0] == "adapter" and fault[1].startswith(
        "This adapter 'ink.safetensors' was made for another model than sdxl: its layer '"
    )
    assert fault[1].endswith("Choose an adapter for SDXL.")


def test_what_fits_is_let_through(zoo: Zoo, tmp_path: Path) -> None:
    for base, adapter in (
        ("sdxl", "lora_sdxl"),
        ("sdxl", "lora_sdxl_second"),
        ("sd15", "lora_sd15"),
        ("sd15", "lora_sd15_kohya"),
        ("sd3", "lora_sd3"),
        ("flux", "lora_flux"),
        ("qwen_image", "lora_qwen_image"),
    ):
        assert faults(pf.Model(str(zoo(base))).with_adapter(str(zoo(adapter)))) == [], adapter
    for kind, names in {"ip_adapter": ("ip_adapter_",), "embedding": ("embedding_",)}.items():
        for base in ("sd15", "sdxl"):
            for name in names:
                handle = pf.Model(str(zoo(base))).with_adapter(str(zoo(name + base)), kind=kind)
                assert faults(handle) == [], name + base
    own = lora_file(tmp_path / "own.safetensors", cross_attention(192, 128))
    assert faults(pf.Model("starter").with_adapter(str(own))) == []


def test_one_layer_of_another_size_is_enough(tmp_path: Path) -> None:
    layers = cross_attention(192, 128)
    layers["unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_v"] = (128, 2048)
    mixed = lora_file(tmp_path / "mixed.safetensors", layers)
    ((code, sentence),) = faults(pf.Model("starter").with_adapter(str(mixed)))
    assert code == "adapter" and "128 x 2048 there and 128 x 192 here" in sentence


def test_an_adapter_that_touches_nothing_is_refused(tmp_path: Path) -> None:
    strange = lora_file(tmp_path / "strange.safetensors", cross_attention(192, 128, block=7))
    ((code, sentence),) = faults(pf.Model("starter").with_adapter(str(strange)))
    assert code == "adapter" and "none of the 3 layers that it changes is here" in sentence


def test_an_adapter_of_weight_zero_says_nothing(ink: Path) -> None:
    assert faults(pf.Model("starter").with_adapter(str(ink), 0)) == []


def test_another_kind_of_file_is_named(zoo: Zoo) -> None:
    model = pf.Model(str(zoo("sdxl")))
    ((_, sentence),) = faults(model.with_adapter(str(zoo("ip_adapter_sdxl"))))
    assert sentence == "'ip-adapter_sdxl.safetensors' is an IP-Adapter, not a LoRA. Choose a LoRA."
    ((_, sentence),) = faults(model.with_adapter(str(zoo("lora_sdxl")), kind="ip_adapter"))
    assert sentence.endswith("is a LoRA, not an IP-Adapter. Choose an IP-Adapter.")
    ((_, sentence),) = faults(model.with_adapter(str(zoo("embedding_sd15")), kind="lora"))
    assert "embedding_sd15" not in sentence and sentence.endswith("Choose a LoRA in a known format.")


def test_an_embedding_is_as_wide_as_a_text_encoder(zoo: Zoo, tmp_path: Path) -> None:
    path = tmp_path / "word.safetensors"
    save_file({"<word>": np.zeros((1, 768), np.float32)}, path)
    ((code, sentence),) = faults(pf.Model("starter").with_adapter(str(path), kind="embedding"))
    assert code == "adapter" and sentence.endswith("Choose an adapter for Starter.")


def test_what_is_not_here_is_said_with_how_to_get_it(tmp_path: Path) -> None:
    ((code, sentence),) = faults(pf.Model("sdxl"))
    assert code == "missing-model" and "pixelflow models get sdxl" in sentence
    gone = pf.Model("starter").with_adapter(str(tmp_path / "gone.safetensors"))
    ((code, sentence),) = faults(gone)
    assert code == "missing-model" and "gone.safetensors" in sentence


def test_a_model_for_something_else_says_what_it_does(zoo: Zoo) -> None:
    ((code, sentence),) = faults(pf.Model("starter"), "speech_to_text")
    assert code == "task" and sentence.startswith("Starter does not do speech to text: it does text to image")
    assert faults(pf.Model("starter"), "") == []


def test_options_are_checked(tmp_path: Path) -> None:
    model = pf.Model("starter").with_options(scheduler="Euler z", dtype="float8", vae=str(tmp_path / "none"))
    assert [code for code, _ in faults(model)] == ["scheduler", "precision", "missing-model"]


def test_a_controlnet_of_another_family_or_other_shapes_is_refused(zoo: Zoo, tmp_path: Path) -> None:
    guide, base = pf.Model(str(zoo("controlnet_sdxl"))), pf.Model(str(zoo("sdxl")))
    assert why_unfit_controlnet(guide, base) is None
    other = why_unfit_controlnet(guide, pf.Model("starter"))
    assert other and other.endswith("Choose a ControlNet for Starter.")
    assert why_unfit_controlnet(pf.Model(str(zoo("controlnet_sd15"))), base)
    no_guide = why_unfit_controlnet(pf.Model(str(zoo("lora_sdxl"))), base)
    assert no_guide and "not a ControlNet" in no_guide


def test_the_folder_of_an_adapter_names_its_file_or_is_asked_for_it(tmp_path: Path, ink: Path) -> None:
    folder = tmp_path / "adapter"
    folder.mkdir()
    shutil.copy(ink, folder / "ink.safetensors")
    assert adapter_file(Adapter(str(folder))).name == "ink.safetensors"
    shutil.copy(ink, folder / "pytorch_lora_weights.safetensors")
    (folder / "adapter_config.json").write_text("{}")
    assert adapter_file(Adapter(str(folder))).name == "pytorch_lora_weights.safetensors"


def test_trigger_words_come_from_the_files(zoo: Zoo) -> None:
    model = pf.Model("starter").with_adapter(str(zoo("lora_sdxl_second"))).with_adapter("gone")
    assert trigger_words(model) == ("in zoo style",)


def test_what_was_found_is_kept_until_the_file_changes(ink: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pixelflow_widgets.models import fitting

    asked: list[Path] = []
    detect = fitting.detect

    def counted(path: Path) -> Any:
        asked.append(path)
        return detect(path)

    monkeypatch.setattr(fitting, "detect", counted)
    ground, adapter = ground_of(pf.Model("starter")), Adapter(str(ink))
    for _ in range(5):
        assert why_unfit(adapter, ground) == INK
    assert len(asked) == 1
    lora_file(ink, cross_attention(192, 128))
    assert why_unfit(adapter, ground) is None and len(asked) > 1


def test_neither_torch_nor_diffusers_is_imported(ink: Path) -> None:
    code = (
        "import sys, pixelflow_widgets as pf; from pixelflow_widgets.models.fitting import check_model\n"
        f"found = list(check_model('text_to_image', pf.Model('starter').with_adapter({str(ink)!r})))\n"
        "assert len(found) == 1; print(*({'torch', 'diffusers', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
