"""Models, adapters and the four media, in the page without Jupyter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from .browser import complaints, page_of
from .editor import EditorPage, box_of
from .harness import Harness
from .lab import eventually
from .record import Record

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with page_of(browser, width=1500, height=900) as page:
        yield page
        assert complaints(page) == []


@pytest.fixture
def harness(page: Page, harness_page: Path) -> Harness:
    return Harness(page, harness_page)


def opened(harness: Harness, scene: str, **options: str) -> EditorPage:
    editor = harness.open(scene, **options)
    harness.page.evaluate("() => window.kernel.set('options', { height: 760 })")
    harness.page.wait_for_function("() => document.querySelector('.pf-root').getBoundingClientRect().height > 700")
    editor.button("Fit").click()
    harness.page.wait_for_timeout(500)
    return editor


def picker(editor: EditorPage, port: str) -> Locator:
    return editor.row(port).get_by_role("combobox").first


def suggestion(editor: EditorPage) -> Locator:
    return editor.root.get_by_role("listbox", name="Models").get_by_role("option")


def offered(editor: EditorPage) -> Locator:
    return editor.root.locator(".pf-suggestion .pf-suggestion-title")


def values_of(harness: Harness, node: str) -> Any:
    return harness.document()["nodes"][node]["values"]


# The picker


def test_models_that_are_here_come_first_and_filters_narrow_the_list(harness: Harness) -> None:
    editor = opened(harness, "adapters")
    picker(editor, "load.model").click()
    for place, title in enumerate(["Starter", "SDXL Turbo", "Stable Diffusion XL"]):
        expect(offered(editor).nth(place)).to_have_text(title)
    here = editor.root.locator(".pf-suggestion").filter(has_text="here")
    expect(here).to_have_count(2)
    editor.root.get_by_role("combobox", name="Base model").select_option("FLUX.1")
    expect(offered(editor)).to_have_text(["FLUX.1 dev"])
    editor.root.get_by_role("combobox", name="Base model").select_option("")
    editor.root.get_by_role("combobox", name="What it makes").select_option("audio")
    expect(offered(editor)).to_have_text(["MusicGen, small"])
    harness.page.keyboard.press("Escape")
    expect(editor.root.locator(".pf-suggestions")).to_have_count(0)


def test_a_model_is_found_by_keyboard_alone_and_got_after_its_licence_was_read(harness: Harness) -> None:
    editor = opened(harness, "adapters")
    keys = harness.page.keyboard
    picker(editor, "load.model").focus()
    keys.type("diffusion")
    expect(suggestion(editor)).to_have_count(2)
    keys.press("Enter")
    expect(picker(editor, "load.model")).to_have_value("Stable Diffusion XL")
    about = editor.root.locator(".pf-model-about")
    expect(about).to_contain_text("Licence: CreativeML Open RAIL++-M")
    get = about.get_by_role("button", name="Get Stable Diffusion XL (6.9 GB)")
    for _ in range(4):
        if get.evaluate("button => button === document.activeElement"):
            break
        keys.press("Tab")
    keys.press("Enter")
    expect(about.get_by_role("progressbar")).to_be_visible()
    expect(about).to_contain_text(re.compile(r"[\d.]+ GB of 6.9 GB"))
    expect(editor.row("load.model").locator(".pf-model-get")).to_contain_text("%")
    expect(editor.row("load.model").locator("[title*='on this machine.']")).to_be_visible()


def test_a_download_is_cancelled_and_a_gated_model_says_what_to_do(harness: Harness, artifacts: Path) -> None:
    editor = opened(harness, "missing")
    harness.kernel("(kernel.models.time = 60000)")
    expect(editor.notice).to_contain_text("2 models of this flow are not on this machine")
    expect(editor.notice).to_contain_text("FLUX.1 dev (33.7 GB)")
    editor.notice.get_by_role("button", name="Show them").click()
    panel = editor.root.get_by_role("region", name="Models", exact=True)
    expect(panel).to_contain_text("Its owner asks first")
    panel.get_by_role("button", name="Get all (40.6 GB)").click()
    expect(panel.get_by_role("progressbar")).to_have_count(2)
    editor.screenshot(artifacts / "models-missing.png")
    panel.get_by_role("button", name="Cancel getting FLUX.1 dev").click()
    expect(panel.get_by_role("progressbar")).to_have_count(1)
    harness.kernel("(kernel.models.fails = 'Its owner asks first: set HF_TOKEN.')")
    panel.get_by_role("button", name="Get FLUX.1 dev (33.7 GB)").click()
    expect(panel.get_by_role("alert")).to_contain_text("set HF_TOKEN")


def test_what_is_got_is_missing_no_more(harness: Harness) -> None:
    editor = opened(harness, "missing")
    harness.kernel("(kernel.models.time = 200)")
    expect(editor.node("draft").get_by_role("alert")).to_contain_text("Stable Diffusion XL is not on this machine")
    editor.node("draft").get_by_role("button", name="Get it").click()
    panel = editor.root.get_by_role("region", name="Models", exact=True)
    panel.get_by_role("button", name="Get Stable Diffusion XL (6.9 GB)").click()
    expect(editor.node("draft").get_by_role("alert")).to_have_count(0)
    expect(panel.get_by_role("region", name="Models that are missing")).not_to_contain_text("Stable Diffusion XL")


def test_any_file_or_hub_id_can_be_typed(harness: Harness) -> None:
    editor = opened(harness, "adapters")
    field = picker(editor, "ink.lora")
    field.fill("my/other.safetensors")
    field.press("Enter")
    editor.wait_synced()
    assert values_of(harness, "ink")["lora"] == "my/other.safetensors"
    expect(editor.row("ink.lora")).to_contain_text("for SDXL · rank 16")


def test_the_way_to_get_a_model_gives_way_to_how_far_it_is_and_comes_back_when_that_ends(
    harness: Harness, artifacts: Path
) -> None:
    editor = opened(harness, "missing")
    harness.kernel("(kernel.models.time = 20000)")
    said, other = editor.node("draft").get_by_role("alert"), editor.node("fine").get_by_role("alert")
    said.get_by_role("button", name="Get it").click()
    panel = editor.root.get_by_role("region", name="Models", exact=True)
    panel.get_by_role("button", name="Get Stable Diffusion XL (6.9 GB)").click()
    expect(said).to_contain_text(re.compile(r"Getting it: \d+ %"))
    expect(said.get_by_role("button", name="Get it")).to_have_count(0)
    expect(other.get_by_role("button", name="Get it")).to_be_visible()
    editor.screenshot(artifacts / "models-on-its-way.png")
    panel.get_by_role("button", name="Cancel getting Stable Diffusion XL").click()
    expect(said.get_by_role("button", name="Get it")).to_be_visible()
    expect(said).not_to_contain_text("Getting it")
    harness.kernel("(kernel.models.fails = 'There is no network.')")
    panel.get_by_role("button", name="Get Stable Diffusion XL (6.9 GB)").click()
    expect(panel.get_by_role("alert")).to_contain_text("no network")
    expect(said.get_by_role("button", name="Get it")).to_be_visible()


# Whether it fits, and what no page can get


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_whether_a_model_fits_is_said_before_a_run_calmly_where_it_does(
    harness: Harness, artifacts: Path, theme: str
) -> None:
    editor = opened(harness, "fits", theme=theme)
    field, about = editor.row("paints.model"), editor.root.locator(".pf-model-about")
    picker(editor, "paints.model").click()
    expect(about).to_contain_text("SDXL Turbo needs about 8.0 GB, 64.0 GB free: fits.")
    expect(about.locator("[data-caution]")).to_have_count(0)
    editor.screenshot(artifacts / f"models-fits-{theme}.png")
    harness.page.keyboard.press("Escape")
    expect(field.locator(".pf-model-caution")).to_have_count(0)

    height = box_of(editor.node("paints"))["height"]
    harness.kernel("(kernel.models.free = 6)")
    picker(editor, "paints.model").click()
    expect(about.locator("[data-caution]")).to_contain_text("6.0 GB free: will offload, which is slower")
    editor.screenshot(artifacts / f"models-offload-{theme}.png")
    harness.page.keyboard.press("Escape")
    caution = field.get_by_role("button", name="offloads")
    expect(caution).to_have_attribute("title", re.compile("will offload"))
    assert box_of(editor.node("paints"))["height"] == height
    expect(editor.row("wired.model").locator(".pf-model-caution")).to_have_count(0)
    harness.kernel("(kernel.models.free = 2)")
    caution.click()
    expect(about.locator("[data-caution]")).to_contain_text("choose a smaller model or half precision")
    suggestion(editor).filter(has_text="Starter").click()
    expect(field.locator(".pf-model-caution")).to_have_count(0)
    editor.button("Models").click()
    missing = editor.root.get_by_role("region", name="Models that are missing")
    expect(missing).to_contain_text("FLUX.1 dev needs about 34.0 GB, 2.0 GB free")


def test_it_is_asked_anew_whether_a_model_fits_once_a_run_is_over(harness: Harness) -> None:
    editor = opened(harness, "adapters")
    harness.kernel("(kernel.models.free = 6)")
    caution = editor.row("load.model").locator(".pf-model-caution")
    expect(caution).to_have_count(0)
    editor.button("Run").click()
    editor.wait_done()
    expect(caution).to_have_text("offloads")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_model_that_a_python_package_brings_is_not_got_but_its_command_is_copied(
    harness: Harness, artifacts: Path, theme: str
) -> None:
    editor = opened(harness, "fits", theme=theme)
    command = 'pip install "pixelflow-widgets[offline-llm]"'
    expect(editor.node("talks").get_by_role("alert")).to_contain_text(command)
    expect(editor.node("talks").get_by_role("button", name="Get it")).to_have_count(0)
    editor.row("talks.model").get_by_role("button", name="pip install").click()
    about = editor.root.locator(".pf-model-about")
    expect(about.locator("code")).to_have_text(command)
    expect(about.get_by_role("button", name=re.compile("^Get"))).to_have_count(0)
    editor.screenshot(artifacts / f"models-command-{theme}.png")
    harness.page.evaluate(
        "() => { window.copied = []; navigator.clipboard.writeText = async (text) => { copied.push(text); } }"
    )
    about.get_by_role("button", name=f"Copy {command}").click()
    expect(about.get_by_role("button", name="Copied")).to_be_visible()
    assert harness.page.evaluate("() => window.copied") == [command]
    harness.page.keyboard.press("Escape")

    # By plain HTTP pages have no clipboard of that kind.
    harness.page.evaluate(
        """() => {
            Object.defineProperty(navigator, 'clipboard', { value: undefined });
            DataTransfer.prototype.setData = (type, text) => copied.push(text);
        }"""
    )
    editor.button("Models").click()
    missing = editor.root.get_by_role("region", name="Models that are missing")
    expect(missing.get_by_role("button", name=re.compile("^Get SmolLM2"))).to_have_count(0)
    expect(missing.get_by_role("button", name=re.compile("^Get all"))).to_have_count(0)
    missing.get_by_role("button", name=f"Copy {command}").click()
    expect(missing.get_by_role("button", name="Copied")).to_be_visible()
    assert harness.page.evaluate("() => window.copied") == [command, command]
    editor.screenshot(artifacts / f"models-command-panel-{theme}.png")


# In memory


def test_what_the_worker_holds_is_listed_by_component_and_given_back(harness: Harness) -> None:
    editor = opened(harness, "adapters")
    editor.button("Models").click()
    memory = editor.root.get_by_role("region", name="Models in memory")
    expect(memory).to_contain_text("Starter")
    expect(memory.locator(".pf-components li")).to_have_count(4)
    expect(memory).to_contain_text("17 MB")
    memory.get_by_role("button", name="Free Starter").click()
    expect(memory).to_contain_text("No model is loaded")
    harness.page.keyboard.press("Escape")
    expect(memory).to_have_count(0)


# Adapters


def test_trigger_words_go_into_the_prompt_by_one_click_and_out_by_undo(harness: Harness) -> None:
    editor = opened(harness, "adapters")
    before = values_of(harness, "words")
    editor.node("ink").get_by_role("button", name="Put “inkwash” into the prompt").click()
    editor.wait_synced()
    assert values_of(harness, "words")["text"] == "inkwash, a lighthouse at night"
    expect(editor.control("words.text")).to_have_value("inkwash, a lighthouse at night")
    expect(editor.notice).to_contain_text("Undo takes it out")
    editor.undo()
    assert values_of(harness, "words") == before


def test_a_stack_is_switched_weighed_reordered_and_added_to(harness: Harness) -> None:
    editor = opened(harness, "adapters")
    row = editor.row("stack.loras")
    expect(row.get_by_role("listitem")).to_have_count(2)
    row.get_by_role("switch", name="Use Neon").click()
    editor.wait_synced()
    assert values_of(harness, "stack")["loras"] == "ink-sdxl 0.6\nneon-flux 1 @ 0:1, 0.5:0"
    row.get_by_role("button", name="Move Neon up").click()
    editor.wait_synced()
    assert values_of(harness, "stack")["loras"].splitlines()[0].startswith("neon-flux")
    weight = row.get_by_role("slider", name="Weight of Ink wash")
    box = box_of(weight)
    y = box["y"] + box["height"] / 2
    before = editor.revision
    editor.drag_points((box["x"] + box["width"] * 0.65, y), (box["x"] + box["width"] - 2, y))
    editor.wait_synced()
    assert editor.revision > before
    assert float(values_of(harness, "stack")["loras"].splitlines()[1].split()[1]) > 1.5
    editor.undo()
    assert values_of(harness, "stack")["loras"].splitlines()[1] == "ink-sdxl 0.6"
    row.get_by_role("button", name="Remove Neon").click()
    adding = row.get_by_role("combobox")
    adding.click()
    suggestion(editor).filter(has_text="Neon").click()
    editor.wait_synced()
    assert values_of(harness, "stack")["loras"] == "ink-sdxl 0.6\nneon-flux 1"
    expect(adding).to_have_value("")


def test_an_adapter_of_another_base_model_is_refused_on_the_node_and_by_run_in_one_sentence(
    harness: Harness, artifacts: Path
) -> None:
    editor = opened(harness, "adapters")
    expect(editor.node("ink").get_by_role("alert")).to_have_count(0)
    picker(editor, "ink.lora").click()
    suggestion(editor).filter(has_text="Neon").click()
    said = editor.node("ink").get_by_role("alert")
    expect(said).to_contain_text("the adapter Neon was made for FLUX.1; the model here is SDXL", timeout=1500)
    editor.screenshot(artifacts / "models-adapter-refused.png")
    editor.button("Run").click()
    expect(editor.status).to_contain_text("the adapter Neon was made for FLUX.1; the model here is SDXL")
    expect(editor.row("ink.lora")).to_have_attribute("data-wrong", "true")
    editor.undo()
    expect(said).to_have_count(0)


def test_options_of_a_family_come_with_the_model_and_are_kept_greyed_with_another(
    harness: Harness, artifacts: Path
) -> None:
    editor = opened(harness, "adapters")
    editor.node("paint").get_by_role("button", name="Advanced").click()
    skip, guidance = editor.row("paint.options.clip_skip"), editor.row("paint.options.true_guidance")
    expect(skip.get_by_role("slider")).to_be_visible()
    expect(guidance).to_contain_text("not used by SDXL")
    picker(editor, "load.model").click()
    suggestion(editor).filter(has_text="FLUX.1 dev").click()
    harness.page.keyboard.press("Escape")
    expect(guidance.get_by_role("slider")).to_be_visible()
    expect(skip).to_contain_text("not used by FLUX.1")
    editor.screenshot(artifacts / "models-options.png")
    skip.get_by_role("button", name="Take Clip skip away").click()
    expect(skip).to_have_count(0)
    editor.undo()
    expect(skip).to_contain_text("not used by FLUX.1")


# The four media


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_sound_film_and_table_are_seen_and_played(harness: Harness, artifacts: Path, theme: str) -> None:
    editor = opened(harness, "media", theme=theme)
    chat = editor.node("chat").locator(".pf-text")
    told = Record(editor.root, '.pf-card[data-node="chat"] .pf-text', "data-kind")
    editor.button("Run").click()
    editor.wait_done()
    expect(chat).to_have_attribute("data-kind", "result")
    assert told.values("data-kind") == ["preview", "result"]
    lengths = [len(text) for text in told.texts(**{"data-kind": "preview"})]
    assert lengths[-1] > lengths[0] + 20, "it is not seen to grow"
    assert chat.evaluate("text => text.scrollHeight - text.scrollTop - text.clientHeight") < 24, "its end is not seen"

    sound = editor.node("speak").locator(".pf-sound")
    expect(sound.locator(".pf-wave path").first).to_have_attribute("d", re.compile("(M[^M]*){51}"))
    sound.get_by_role("button", name="Play the sound of Text to speech").click()
    harness.page.wait_for_function("() => document.querySelector('.pf-sound audio').currentTime > 0.1")
    sound.get_by_role("slider").fill("0.8")
    assert sound.locator("audio").evaluate("sound => sound.currentTime") >= 0.8

    film = editor.node("film").locator("video")
    expect(film).to_be_visible()
    assert film.evaluate("film => film.controls")
    harness.page.wait_for_function("(film) => film.currentTime > 0.1", arg=film.element_handle())

    expect(editor.node("table").locator("tr")).to_have_count(5)
    expect(editor.node("table").locator(".pf-table")).to_contain_text("lighthouse")
    editor.screenshot(artifacts / f"models-media-{theme}.png")


def test_each_item_of_a_list_is_looked_at_in_its_place(harness: Harness) -> None:
    editor = opened(harness, "items")
    harness.kernel("(kernel.runs.stepTime = 10)")
    editor.button("Run").click()
    paint = editor.node("paint")
    expect(paint.locator(".pf-badge-count")).to_contain_text("1 of 7")
    first = editor.result("paint").getpixel((10, 10))
    paint.get_by_role("button", name="Next, of Variants").click()
    expect(paint.locator(".pf-badge-count")).to_contain_text("2 of 7")
    eventually(lambda: editor.result("paint").getpixel((10, 10)), lambda colour: colour != first)
    paint.get_by_role("button", name="Before, of Variants").click()
    expect(paint.locator(".pf-badge-count")).to_contain_text("1 of 7")
