"""Models in JupyterLab by mouse: an adapter that does not fit is refused in words, trigger words, the four media."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.zoo import Zoo

from .editor import EditorPage
from .lab import Lab, eventually, write_notebook
from .record import Record
from .servers import Jupyter

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = """
import numpy as np
import pandas as pd
import pixelflow_widgets as pf

places = PLACES

@pf.node
def counted(rows: int = 3) -> pf.Table:
    return pd.DataFrame({"label": [f"thing {row}" for row in range(rows)], "score": np.linspace(1, 0.5, rows)})
"""
PAINTING = """
flow = pf.edit("painting.flow.json")
words = flow.add("prompt", id="words", text="a red circle", position=(0, 200))
load = flow.add("load_model", id="load", model=places["sdxl"], position=(0, 0))
ink = flow.add("add_lora", id="ink", model=load["model"], lora=places["lora_sdxl_second"], position=(330, 0))
paint = flow.add("text_to_image", id="paint", prompt=words["text"], model=ink["model"], steps=1, width=64, height=64,
                 position=(660, 0))
flow.output("picture", paint["image"])
flow
"""
MEDIA = """
media = pf.Flow("media")
media.add("chat", id="chat", prompt="Tell me of a lighthouse.", model=places["llama"], max_tokens=300,
          temperature=1.5, position=(0, 0))
media.add("text_to_speech", id="speak", text="The lamp is lit. Ships come home.", model=places["vits"],
          position=(330, 0))
media.add("text_to_video", id="film", prompt="a ball", model=places["ltx_video"], frames=9, width=64, height=64,
          steps=2, position=(660, 0))
media.add(counted, id="table", position=(330, 420))
media.add("text_to_image", id="paint", prompt="a red circle on a blue background", steps=2, position=(990, 0))
media
"""


def lora_for_sd15(folder: Path) -> Path:
    """Write a LoRA in the shapes of SD1.5, as diffusers names them."""
    from safetensors.numpy import save_file

    layer = "unet.down_blocks.1.attentions.0.transformer_blocks.0"
    widths = {f"{layer}.attn2.to_k": 768, f"{layer}.attn2.to_v": 768, f"{layer}.attn2.to_q": 640}
    tensors = {f"{name}.lora_A.weight": np.zeros((4, width), np.float32) for name, width in widths.items()}
    tensors |= {f"{name}.lora_B.weight": np.zeros((640, 4), np.float32) for name in widths}
    save_file(tensors, path := folder / "for_sd15.safetensors")
    return path


@pytest.fixture(scope="module")
def lab(jupyter: Jupyter, page: Page, zoo: Zoo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    names = ("sdxl", "lora_sdxl_second", "llama", "vits", "ltx_video")
    places = {name: str(zoo(name)) for name in names}
    places["lora_sd15"] = str(lora_for_sd15(tmp_path_factory.mktemp("loras")))
    write_notebook(
        jupyter.root / "models" / "models.ipynb", SETUP.replace("PLACES", json.dumps(places)), PAINTING, MEDIA
    )
    page.set_viewport_size({"width": 1600, "height": 1000})
    lab = Lab(page, jupyter)
    lab.open("models/models.ipynb")
    lab.run_all()
    assert lab.errors() == []
    yield lab
    jupyter.end_kernels()


@pytest.fixture(scope="module")
def painting(lab: Lab, page: Page) -> EditorPage:
    editor = EditorPage(page).wait()
    editor.button("Fit").click()
    return editor


def test_an_adapter_of_another_base_model_is_refused_in_one_sentence_and_no_task_is_sent(
    lab: Lab, painting: EditorPage, artifacts: Path
) -> None:
    expect(painting.row("ink.lora")).to_contain_text("rank 2")
    wrong = lab.value("places['lora_sd15']")
    field = painting.row("ink.lora").get_by_role("combobox")
    field.fill(wrong)
    field.press("Enter")
    expect(painting.row("ink.lora")).to_contain_text("for SD1.5 · rank 4")
    said = painting.node("ink").get_by_role("alert").first
    expect(said).to_contain_text("SD1.5", timeout=5000)
    painting.screenshot(artifacts / "models-lab-refused.png")
    sentence = lab.value("next(p.sentence for p in flow.problems() if p.node == 'ink')")
    expect(said).to_contain_text(sentence)
    before = lab.value("flow.last_run is None")
    painting.button("Run").click()
    expect(painting.status).to_contain_text(sentence.partition(": ")[2][:60])
    assert before and lab.value("flow.last_run is None"), "a run was begun"
    painting.undo()
    expect(painting.node("ink").get_by_role("alert")).to_have_count(0)


def test_a_trigger_word_is_put_into_the_prompt_by_one_click(lab: Lab, painting: EditorPage) -> None:
    painting.node("ink").get_by_role("button", name="Put “in zoo style” into the prompt").click()
    painting.wait_synced()
    assert lab.value("flow.document['nodes']['words']['values']['text']") == "in zoo style, a red circle"
    painting.undo()
    assert lab.value("flow.document['nodes']['words']['values']['text']") == "a red circle"


def test_options_are_those_of_the_family_of_a_folder_that_has_no_card(painting: EditorPage) -> None:
    painting.node("paint").get_by_role("button", name="Advanced").click()
    expect(painting.row("paint.options.clip_skip")).to_be_visible()
    painting.node("paint").get_by_role("button", name="Advanced").click()


def test_what_a_run_has_loaded_is_listed_with_its_bytes_and_given_back(
    lab: Lab, painting: EditorPage, artifacts: Path
) -> None:
    painting.run()
    painting.button("Models").click()
    memory = painting.root.get_by_role("region", name="Models in memory")
    expect(memory.locator(".pf-components")).to_contain_text("unet")
    painting.screenshot(artifacts / "models-lab-memory.png")
    memory.get_by_role("button", name="Free").first.click()
    expect(memory).to_contain_text("No model is loaded")
    painting.button("Models").click()


def test_each_medium_is_seen_and_played(lab: Lab, page: Page, artifacts: Path) -> None:
    editor = EditorPage(page, 1).wait()
    editor.button("Fit").click()
    chat = Record(editor.root, '.pf-card[data-node="chat"] .pf-text', "data-kind")
    editor.run()
    assert chat.values("data-kind") == ["preview", "result"]
    # The last letter of an unfinished text may be half there, and space at its ends is not kept.
    growing = [text.strip("\ufffd \n") for text in chat.texts(**{"data-kind": "preview"})]
    whole = chat.texts()[-1].strip()
    assert all(whole.startswith(text) for text in growing)
    lengths = [len(text) for text in growing if text]
    assert len(set(lengths)) >= 2 and lengths == sorted(lengths), "the text did not grow"

    sound = editor.node("speak").locator(".pf-sound")
    expect(sound.locator(".pf-wave path").first).to_have_attribute("d", re.compile("(M[^M]*){20}"))
    sound.get_by_role("button", name="Play").click()
    page.wait_for_function("(audio) => audio.currentTime > 0", arg=sound.locator("audio").element_handle())

    film = editor.node("film").locator("video")
    expect(film).to_be_visible()
    assert film.evaluate("film => film.controls && film.poster !== ''")
    page.wait_for_function("(film) => film.currentTime > 0", arg=film.element_handle())

    expect(editor.node("table").locator("tr")).to_have_count(4)
    assert editor.result("paint").size == (64, 64)
    editor.screenshot(artifacts / "models-lab-media.png")


def test_the_saved_notebook_shows_waves_and_a_frame_of_the_film(lab: Lab) -> None:
    picture = eventually(
        lambda: lab.value("media.editor._saved_picture()['svg']"),
        lambda svg: svg.count("<image ") == 2 and "thing 1" in svg,
    )
    assert 'data-node="speak"' in picture
