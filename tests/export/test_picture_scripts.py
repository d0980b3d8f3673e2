"""Nodes that paint, written as scripts: diffusers alone gives the same pixels, on a tiny model of each family."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.export.formatting import faults, formatted
from pixelflow_widgets.models.scripting.classes import REGULAR, TABLES, regular_name
from pixelflow_widgets.models.tasks import PIPELINES
from tests.nodes.pictures import middle, scene
from tests.nodes.test_image_families import FAMILIES
from tests.zoo import Zoo

from .scripts import plain, run_script

_WISH: dict[str, Any] = {"negative_prompt": "blue", "steps": 2, "guidance": 4.0, "seed": 7}
_SIZE: dict[str, Any] = {"width": 64, "height": 48}
_TASKS: dict[str, dict[str, Any]] = {
    "text_to_image": _SIZE,
    "image_to_image": {"image": scene(1, 61, 50), "strength": 0.7, "steps": 3},
    "inpaint": {"image": scene(1, 72, 60), "mask": middle(72, 60), "grow": 2, "blur": 1.0},
    "outpaint": {"image": scene(1, 48, 40), "left": 8, "right": 16, "top": 3, "bottom": 5},
}
_NOTHING = dict.fromkeys(("left", "right", "top", "bottom"), 0)


class Painting:
    """A flow of nodes that paint, of which everything that comes from outside is an input."""

    def __init__(self) -> None:
        self.flow = pf.Flow("painting")
        self.given: dict[str, Any] = {}

    def input(self, name: str, value: Any) -> Any:
        if name not in self.given:
            self.given[name] = value
            self.flow.input(name, value, type=pf.Mask if name == "mask" else None)
        return self.flow.inputs[name]

    def add(self, kind: str, model: Any, **values: Any) -> Painting:
        """Add a node whose picture is an output of the flow; its pictures are inputs."""
        given = {"prompt": self.input("prompt", "a red circle"), **_WISH, **_TASKS.get(kind, {}), **values}
        for port in ("image", "mask", "options.reference_image"):
            if port in given:
                given[port] = self.input(port.rpartition(".")[2], given[port])
        if "images" in given:
            given["images"] = [self.input(f"shape_{number}", one) for number, one in enumerate(given["images"])]
        node = self.flow.add(kind, given | {"model": model})
        self.flow.output(f"picture_{len(self.flow.outputs) + 1}", node["image"])
        return self

    def same(self, folder: Path, **changed: Any) -> str:
        """Check that the script paints what the executor paints, and return the script."""
        script = self.flow.to_script()
        assert self.flow.to_script() == script
        assert faults(script) == ""
        assert formatted(script) == script
        given = {**self.given, **changed}
        made = plain(dict(self.flow.run(backend="inline", **given)))
        assert run_script(script, folder, **given) == (next(iter(made.values())) if len(made) == 1 else made)
        return script.partition("\n# pixelflow: ")[0]


@pytest.mark.parametrize("family", FAMILIES)
def test_all_tasks_of_each_family_paint_the_same_pixels(zoo: Zoo, tmp_path: Path, family: str) -> None:
    painting = Painting()
    for task in sorted(_TASKS, key=lambda task: task != "inpaint"):  # its picture has the size of its mask
        painting.add(task, pf.Model(str(zoo(family))))
    painting.same(tmp_path, prompt="a blue star")


@pytest.mark.parametrize("task", _TASKS)
def test_a_task_by_itself_is_loaded_by_its_own_class(zoo: Zoo, tmp_path: Path, task: str) -> None:
    script = Painting().add(task, pf.Model(str(zoo("sdxl")))).same(tmp_path, prompt="a blue star")
    assert script.count("from_pretrained(") == 1 and "from_pipe" not in script


def test_a_model_that_several_tasks_share_is_read_once(zoo: Zoo, tmp_path: Path) -> None:
    model = pf.Model(str(zoo("sdxl")))
    painting = Painting().add("inpaint", model).add("text_to_image", model).add("image_to_image", model)
    script = painting.same(tmp_path)
    assert script.count(".from_pretrained(") == 1
    assert script.count(".from_pipe(load_sdxl())") == 2
    assert "pipe = StableDiffusionXLPipeline.from_pretrained(" in script


def test_loras_that_all_nodes_wear_are_put_on_where_the_model_is_loaded(zoo: Zoo, tmp_path: Path) -> None:
    model = pf.Model(str(zoo("sdxl"))).with_adapter(str(zoo("lora_sdxl")), 0.8)
    model = model.with_adapter(str(zoo("lora_sdxl_second")), 0.5)
    script = Painting().add("text_to_image", model).add("image_to_image", model).same(tmp_path)
    loader, _, main = script.partition("def main")
    assert loader.count("set_adapters") == 1
    assert "set_adapters" not in main
    assert 'set_adapters(["lora_sdxl", "lora_sdxl_second"], adapter_weights=[0.8, 0.5])' in " ".join(loader.split())


def test_loras_that_nodes_wear_differently_are_put_on_before_each_use(zoo: Zoo, tmp_path: Path) -> None:
    plain_model = pf.Model(str(zoo("sd15")))
    styled = plain_model.with_adapter(str(zoo("lora_sd15")), 0.8)
    both = plain_model.with_adapter(str(zoo("lora_sd15_kohya")), 0.5).with_adapter(str(zoo("lora_sd15")), -0.25)
    painting = Painting()
    for model in (plain_model, styled, both, plain_model, styled):
        painting.add("text_to_image", model)
    loader, _, main = painting.same(tmp_path).partition("def main")
    assert loader.count("load_lora_weights") == 2
    assert main.count("disable_lora()") == 2
    assert main.count("enable_lora()") == 3


@pytest.mark.parametrize("family", ["sd15", "sdxl", "sd3", "flux", "qwen_image"])
def test_a_lora_whose_weight_changes_is_weighed_after_each_step(zoo: Zoo, tmp_path: Path, family: str) -> None:
    model = pf.Model(str(zoo(family))).with_adapter(str(zoo(f"lora_{family}")), 0.8, schedule=((0.0, 1.0), (0.5, 0.25)))
    script = Painting().add("text_to_image", model, steps=4).add("text_to_image", model, seed=8).same(tmp_path)
    assert script.count("callback_on_step_end=") == 2
    assert script.count("(pipe, 0)") == 2


def test_weights_that_a_node_changes_are_those_of_the_next_node_again(zoo: Zoo, tmp_path: Path) -> None:
    base, file = pf.Model(str(zoo("sdxl"))), str(zoo("lora_sdxl"))
    fading, steady = base.with_adapter(file, 0.8, schedule=((0.0, 1.0), (1.0, 0.0))), base.with_adapter(file, 0.8)
    Painting().add("text_to_image", fading).add("text_to_image", steady).same(tmp_path)
    painting, reference = Painting(), {"options.reference_image": scene(5)}
    for weight in (0.7, 0.3, 0.7):
        model = base.with_adapter(str(zoo("ip_adapter_sdxl")), weight, kind="ip_adapter")
        painting.add("text_to_image", model, **reference)
    assert painting.same(tmp_path).count("load_ip_adapter(") == 1


def test_a_lora_that_is_switched_off_leaves_no_trace(zoo: Zoo, tmp_path: Path) -> None:
    model = pf.Model(str(zoo("sdxl"))).with_adapter(str(zoo("lora_sdxl")), 0.0)
    assert "lora" not in Painting().add("text_to_image", model).same(tmp_path)


def test_a_lora_that_peft_saved_is_renamed(zoo: Zoo, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "ink"
    folder.mkdir()
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 4, "lora_alpha": 2}')
    tensors = {f"base_model.model.{name[5:]}": value for name, value in load_file(zoo("lora_sdxl")).items()}
    save_file(tensors, folder / "adapter_model.safetensors")
    model = pf.Model(str(zoo("sdxl"))).with_adapter(str(folder), 0.7)
    script = Painting().add("text_to_image", model).same(tmp_path)
    assert "def peft_layers(" in script
    assert 'adapter_name="ink"' in script


@pytest.mark.parametrize(
    ("family", "scheduler"),
    [
        ("sdxl", "DPM++ 2M Karras"),
        ("sd15", "Euler a"),
        ("sdxl", "DDIM"),
        ("sdxl", "DPM++ 2M SDE Karras"),
        ("sd15", "UniPC"),
        ("flux", "Euler a"),
        ("sd3", "Euler Karras"),
    ],
)
def test_a_scheduler_is_made_of_the_models_own(zoo: Zoo, tmp_path: Path, family: str, scheduler: str) -> None:
    model = pf.Model(str(zoo(family)), {"scheduler": scheduler})
    script = Painting().add("text_to_image", model).add("image_to_image", model).same(tmp_path)
    assert script.count(".from_config(") == 1


def test_each_node_has_its_own_scheduler(zoo: Zoo, tmp_path: Path) -> None:
    source = str(zoo("sdxl"))
    painting = Painting()
    for scheduler in ("Euler a", "", "DPM++ 2M Karras", "Euler a"):
        painting.add("text_to_image", pf.Model(source, {"scheduler": scheduler} if scheduler else {}))
    script = painting.same(tmp_path)
    assert script.count(".from_pretrained(") == 1
    assert script.count(".from_config(") == 2


def test_another_vae_precision_and_a_scheduler_go_together(zoo: Zoo, tmp_path: Path) -> None:
    options = {"vae": str(zoo("vae_sdxl")), "dtype": "bfloat16", "scheduler": "DPM++ 2M"}
    script = Painting().add("text_to_image", pf.Model(str(zoo("sdxl")), options)).same(tmp_path)
    assert "dtype=torch.bfloat16" in script
    assert "vae=vae" in script


def test_a_vae_of_one_node_alone_is_not_that_of_the_others(zoo: Zoo, tmp_path: Path) -> None:
    model = pf.Model(str(zoo("sdxl")))
    painting = Painting().add("text_to_image", model)
    script = painting.add("text_to_image", model.with_options(vae=str(zoo("vae_sdxl")))).same(tmp_path)
    assert script.count("StableDiffusionXLPipeline.from_pretrained(") == 1


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_an_ip_adapter_looks_at_the_reference_image(zoo: Zoo, tmp_path: Path, family: str) -> None:
    model = pf.Model(str(zoo(family))).with_adapter(str(zoo(f"ip_adapter_{family}")), 0.7, kind="ip_adapter")
    painting = Painting().add("text_to_image", model, **{"options.reference_image": scene(5)})
    assert "unload_ip_adapter" not in painting.same(tmp_path)
    script = painting.add("text_to_image", pf.Model(str(zoo(family)))).same(tmp_path)
    assert script.count("ip_adapter_image=") == 1
    assert script.count("DiffusionXLPipeline.from_pretrained(" if family == "sdxl" else "ionPipeline.from_pretr") == 1


def test_two_ip_adapters_one_of_which_fades(zoo: Zoo, tmp_path: Path) -> None:
    model = pf.Model(str(zoo("sdxl"))).with_adapter(str(zoo("ip_adapter_sdxl")), 0.7, kind="ip_adapter")
    model = model.with_adapter(str(zoo("ip_adapter_sdxl")), 0.4, kind="ip_adapter", schedule=((0.0, 1.0), (1.0, 0.0)))
    Painting().add("text_to_image", model, steps=4, **{"options.reference_image": scene(5)}).same(tmp_path)


def test_a_model_with_an_ip_adapter_and_nothing_to_look_at_is_refused(zoo: Zoo) -> None:
    model = pf.Model(str(zoo("sdxl"))).with_adapter(str(zoo("ip_adapter_sdxl")), 0.7, kind="ip_adapter")
    with pytest.raises(pf.ExportError, match=r"Set options\.reference_image"):
        Painting().add("text_to_image", model).flow.to_script()


@pytest.mark.parametrize(("family", "weight"), [("sd15", 1.0), ("sd15", 0.5), ("sdxl", 1.0), ("sdxl", 0.5)])
def test_a_learnt_word_stands_in_the_prompt(zoo: Zoo, tmp_path: Path, family: str, weight: float) -> None:
    model = pf.Model(str(zoo(family))).with_adapter(str(zoo(f"embedding_{family}")), weight, kind="embedding")
    word = {"sd15": "<zoo-cat>", "sdxl": "zoo-dog"}[family]
    painting = Painting().add("text_to_image", model)
    assert "load_textual_inversion" in painting.same(tmp_path, prompt=f"a {word} beside a red circle")


@pytest.mark.parametrize("family", ["sd15", "sdxl", "sd3", "flux"])
def test_a_controlnet_guides(zoo: Zoo, tmp_path: Path, family: str) -> None:
    controlnets = [pf.Model(str(zoo(f"controlnet_{family}")))]
    painting = Painting().add("control", pf.Model(str(zoo(family))), images=[scene(2)], controlnets=controlnets)
    script = painting.same(tmp_path)
    assert "nearest(" in script
    assert ("torch.manual_seed(" in script) == (family in ("sd3", "flux"))


def test_several_controlnets_guide_and_those_without_weight_do_not(zoo: Zoo, tmp_path: Path) -> None:
    controlnets = [pf.Model(str(zoo(name))) for name in ("controlnet_sdxl", "controlnet_sdxl_second")]
    model = pf.Model(str(zoo("sdxl")))
    shared: dict[str, Any] = {"images": [scene(2), scene(3)], "controlnets": controlnets, "end": 0.5}
    painting = Painting().add("control", model, **shared, weights=[1.0, 0.5], strength=0.8, **_SIZE)
    painting.add("control", model, **shared, weights=[0.0, 0.5])
    painting.add("control", model, **shared, strength=0.0)
    script = painting.same(tmp_path)
    assert "controlnet_conditioning_scale=[0.8, 0.4]" in script
    assert "StableDiffusionXLPipeline.from_pretrained(" in script


@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("sdxl", {"clip_skip": 1, "guidance_rescale": 0.7, "original_width": 512, "crop_top": 64, "prompt_2": "star"}),
        ("flux", {"true_cfg": 3.0, "max_sequence_length": 32}),
        ("sd3", {"prompt_3": "a green star", "clip_skip": 1}),
        ("z_image", {"cfg_normalization": True, "cfg_truncation": 0.3, "clip_skip": 2}),
        ("qwen_image", {"max_sequence_length": 64}),
    ],
)
def test_options_of_families_are_arguments(zoo: Zoo, tmp_path: Path, family: str, options: dict[str, Any]) -> None:
    given = {f"options.{name}": value for name, value in options.items()}
    Painting().add("text_to_image", pf.Model(str(zoo(family))), **given).same(tmp_path)


def test_the_option_eta_acts_with_ddim(zoo: Zoo, tmp_path: Path) -> None:
    model = pf.Model(str(zoo("sdxl")), {"scheduler": "DDIM"})
    assert "eta=0.8" in Painting().add("text_to_image", model, **{"options.eta": 0.8}).same(tmp_path)


def test_an_ip_adapter_of_one_node_is_taken_out_before_the_next(zoo: Zoo, tmp_path: Path) -> None:
    base = pf.Model(str(zoo("sdxl")))
    looking, other = (
        base.with_adapter(str(zoo(f"ip_adapter_sdxl{end}")), 0.7, kind="ip_adapter") for end in ("", "_other")
    )
    painting, reference = Painting(), {"options.reference_image": scene(5)}
    painting.add("text_to_image", looking, **reference).add("image_to_image", base)
    script = painting.add("text_to_image", other, **reference).add("text_to_image", looking, **reference).same(tmp_path)
    assert script.count("unload_ip_adapter()") == 3
    assert script.count("XLPipeline.from_pretrained(") == 1


def test_what_may_be_another_value_in_the_script_does_what_the_executor_does(zoo: Zoo, tmp_path: Path) -> None:
    model = pf.Model(str(zoo("sdxl")))
    painting = Painting()
    values = {"strength": 0.5, "steps": 3, "guidance": 4.0, "negative_prompt": "blue"}
    given = {name: painting.input(name, value) for name, value in values.items()}
    painting.add("image_to_image", model, **given).add("inpaint", model, image=scene(1, 72, 60), **given)
    for changed in ({}, {"strength": 0.0}, {"strength": 0.01, "steps": 5}, {"guidance": 1.0, "negative_prompt": ""}):
        painting.same(tmp_path, image=scene(1, 72, 60), **changed)


def test_masks_and_margins_of_nothing_leave_the_picture_as_it_is(zoo: Zoo, tmp_path: Path) -> None:
    model = pf.Model(str(zoo("sdxl")))
    given = scene(1, 72, 60).convert("RGBA")
    given.putalpha(90)
    painting = Painting()
    left = painting.input("left", 8)
    painting.add("outpaint", model, image=given, **{**_NOTHING, "left": left})
    painting.add("inpaint", model, grow=0, blur=0.0)
    painting.add("outpaint", model, **_NOTHING).add("inpaint", model, strength=0.0)
    painting.same(tmp_path)
    painting.same(tmp_path, left=0, mask=middle(72, 60).point(lambda _: 0))


def test_a_list_of_prompts_is_painted_in_a_loop(zoo: Zoo, tmp_path: Path) -> None:
    model = pf.Model(str(zoo("sd15"))).with_adapter(str(zoo("lora_sd15")), 0.8, schedule=((0.0, 1.0), (0.5, 0.25)))
    painting = Painting()
    prompts = painting.input("prompts", ["a red circle", "a blue star"])
    painting.add("text_to_image", model, prompt=prompts).add(
        "text_to_image", pf.Model(str(zoo("sd15"))), prompt=prompts
    )
    main = painting.same(tmp_path).partition("def main")[2]
    assert main.count("pipe = load_sd15()") == 2


@pytest.mark.parametrize("factor", [None, 3.0, 6.0])
def test_a_picture_is_made_larger_square_by_square(zoo: Zoo, tmp_path: Path, factor: float | None) -> None:
    painting = Painting()
    painting.given = {"image": scene(1, 96, 40).convert("RGBA")}
    image = painting.flow.input("image", painting.given["image"])
    node = painting.flow.add("upscale", image=image, model=pf.Model(str(zoo("swin2sr"))), factor=factor, tile=64)
    painting.flow.output("larger", node["image"])
    script = painting.same(tmp_path)
    assert "Swin2SRForImageSuperResolution.from_pretrained(" in script
    assert "report" not in script


@pytest.mark.parametrize(
    "animal", ["sd15_checkpoint", "sdxl_checkpoint", "sd3_checkpoint", "sd3_checkpoint_without_t5"]
)
def test_a_single_file_is_put_together_as_its_settings_say(zoo: Zoo, tmp_path: Path, animal: str) -> None:
    model = pf.Model(str(zoo(animal)))
    script = Painting().add("text_to_image", model).add("image_to_image", model).same(tmp_path)
    assert script.count(".from_single_file(") == 1


def test_models_that_are_not_here_are_written_by_their_cards(tmp_path: Path) -> None:
    styled = pf.Model("sdxl", {"scheduler": "DPM++ 2M Karras"}).with_adapter(
        "someone/prints/ink/screen.safetensors", 0.8
    )
    painting = Painting().add("text_to_image", styled, width=None, height=None, steps=None, guidance=None)
    script = painting.flow.to_script()
    assert faults(script) == ""
    for line in (
        '"stabilityai/stable-diffusion-xl-base-1.0",',
        'revision="462165984030d82259a11f4367a4eed129e94a7b",',
        'variant="fp16",',
        "pipe.scheduler.config, use_karras_sigmas=True",
        '"someone/prints",\n        subfolder="ink",\n        weight_name="screen.safetensors",',
        'set_adapters(["screen"], adapter_weights=[0.8])',
        "width=1024,",
        "num_inference_steps=30,",
        "guidance_scale=5.0,",
    ):
        assert line in script, line


def test_the_starter_is_looked_for_beside_the_script(tmp_path: Path) -> None:
    script = Painting().add("text_to_image", "starter", width=None, height=None).same(tmp_path)
    assert 'os.environ.get("STARTER"' in script
    assert "width=64," in script


def test_what_the_hub_gave_is_pinned_to_its_commit(zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    commit = "0123456789abcdef0123456789abcdef01234567"
    for name, animal in (("models--someone--tiny", "sdxl"), ("models--someone--ink", "lora_sdxl")):
        snapshots = tmp_path / name / "snapshots"
        snapshots.mkdir(parents=True)
        place = zoo(animal)
        (snapshots / commit).symlink_to(place if place.is_dir() else place.parent)
    model = pf.Model("someone/tiny").with_adapter("someone/ink", 0.8)
    script = Painting().add("text_to_image", model).flow.to_script()
    assert script.count(f'revision="{commit}"') == 2
    assert 'weight_name="pytorch_lora_weights.safetensors"' in script


def test_long_names_of_places_stay_within_the_lines(zoo: Zoo, tmp_path: Path) -> None:
    folder = tmp_path / "a-folder-with-quite-a-long-name" / "and-another-one-within-it" / "tiny"
    folder.parent.mkdir(parents=True)
    folder.symlink_to(zoo("sdxl"))
    assert "TINY = (" in Painting().add("text_to_image", pf.Model(str(folder))).same(tmp_path)


def test_a_folder_below_home_is_said_from_there(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = zoo("sdxl")
    monkeypatch.setenv("HOME", str(folder.parent))
    script = Painting().add("text_to_image", pf.Model(str(folder))).flow.to_script()
    assert 'Path.home() / "sdxl"' in script


def test_a_pipeline_of_the_notebook_is_refused(zoo: Zoo) -> None:
    from diffusers import StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(zoo("sd15"))
    with pytest.raises(pf.ExportError, match="Save it with save_pretrained"):
        Painting().add("text_to_image", pf.Model.from_object(pipeline)).flow.to_script()


@pytest.mark.parametrize("stem", REGULAR)
@pytest.mark.parametrize("task", _TASKS)
def test_classes_that_are_named_by_rule_are_those_of_diffusers_tables(stem: str, task: str) -> None:
    from diffusers.pipelines import auto_pipeline

    table = getattr(auto_pipeline, TABLES[PIPELINES[task]])
    for ending in ("", "Img2Img", "Inpaint"):
        own = f"{stem}{ending}Pipeline"
        assert regular_name(own, task) == getattr(auto_pipeline._get_task_class(table, own), "__name__", "")
