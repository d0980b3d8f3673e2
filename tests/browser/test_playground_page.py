"""The playground as a page of a server: a person fills in a form in Chromium, and the server's jobs answer."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import PIL.Image
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import pixelflow_widgets as pf
from pixelflow_widgets.media import Audio, Video
from pixelflow_widgets.media.encoders import film_file, picture_file, sound_file
from pixelflow_widgets.serve.server import Server
from pixelflow_widgets.serve.store import Store
from pixelflow_widgets.starter.scenes import Object, Scene
from pixelflow_widgets.starter.scoring import judge
from tests.serve import http_nodes
from tests.serve.calling import media_flow, values_flow
from tests.serve.flows import fail_flow, poster_flow, slow_flow, turn_flow
from tests.serve.served import publish

from .browser import LONG, complaints, page_of, pixels

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_DROP = """(zone, [name, mime, data]) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type: mime }));
    for (const type of ['dragenter', 'dragover', 'drop'])
        zone.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: transfer }));
}"""
_LENGTH = """(audio) => new Promise((done) => {
    audio.oncanplay = () => done(audio.duration);
    audio.load();
})"""
_REFUSED = ("401", "404", "422")
"""What Chromium itself says in the console of answers that are meant."""


def paint_flow() -> pf.Flow:
    with pf.Flow("paint") as flow:
        given = {"prompt": flow.input("prompt", "a red circle on a blue background"), "seed": flow.input("seed", 7)}
        sizes = {"width": flow.input("width", 64), "height": flow.input("height", 64)}
        flow.output("image", pf.nodes.text_to_image(**given, **sizes))
    return flow


def slowly_flow() -> pf.Flow:
    with pf.Flow("slowly") as flow:
        seconds = flow.input("seconds", 8.0)
        flow.output("image", http_nodes.painted_slowly(prompt=flow.input("prompt", "a hill"), seconds=seconds))
    return flow


@dataclass
class Site:
    """Is a server and what opens it."""

    server: Server
    key: str

    def address(self, name: str) -> str:
        return f"{self.server.url}/play/{name}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    store = Store(tmp_path_factory.mktemp("serve"))
    flows = (paint_flow(), poster_flow(), turn_flow(), fail_flow(), slow_flow(), slowly_flow(), media_flow())
    for flow in flows:
        publish(store, flow, flow.name)
    publish(store, values_flow(), "say-it")
    with Server(store, port=0) as server:
        yield Site(server, server.serving.keys.make("person", ["*"]).text)
    store.close()


class Play:
    """Is the page of one flow.

    Args:
        page: The browser's page.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.form = page.get_by_role("form", name="Inputs")
        self.generate = page.get_by_role("button", name="Generate")
        self.done = page.locator('.pp-card[data-status="succeeded"]')

    def field(self, name: str) -> Locator:
        return self.page.locator(f'[data-input="{name}"]')

    def fill(self, name: str, text: str) -> None:
        field = self.field(name).locator("input[type=text], textarea").first
        field.fill(text)
        field.blur()

    def value(self, name: str) -> str:
        return self.field(name).locator("input[type=text], textarea").first.input_value()

    def picture(self, place: int = 0) -> PIL.Image.Image:
        return pixels(self.done.nth(place).locator(".pp-picture img").first)

    def run(self, count: int = 1) -> None:
        before = self.page.locator(".pp-card").evaluate_all("(all) => all.map((each) => each.dataset.job)")
        self.generate.click()
        if before:
            expect(self.page.locator(f'[data-job="{before[0]}"]')).to_have_count(0)
        expect(self.done).to_have_count(count, timeout=LONG)

    def drop(self, name: str, file: str, content: bytes, mime: str) -> None:
        data = base64.b64encode(content).decode()
        self.field(name).locator(".pf-zone").evaluate(_DROP, [file, mime, data])


@pytest.fixture
def play(browser: Browser, site: Site) -> Iterator[Play]:
    """A tab of its own with the key in it; the test fails if the page complains of anything but meant refusals."""
    with page_of(browser) as page:
        page.goto(f"{site.address('paint')}#key={site.key}")
        yield Play(page)
        assert [text for text in complaints(page) if not any(status in text for status in _REFUSED)] == []


def opened(play: Play, site: Site, name: str) -> Play:
    play.page.goto(site.address(name))
    expect(play.generate).to_be_visible()
    return play


def scene(background: str, colour: str, shape: str) -> Scene:
    return Scene(background, (Object("big", colour, shape),))


def shows(picture: PIL.Image.Image, wanted: Scene) -> bool:
    verdict = judge(picture, wanted)
    return verdict.background and verdict.colour and verdict.shape


# The door


def test_the_page_asks_for_the_key_and_says_why_one_opens_nothing(browser: Browser, site: Site) -> None:
    with page_of(browser) as page:
        page.goto(site.address("paint"))
        page.get_by_label("Key").fill("pf_wrong")
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_role("alert")).to_contain_text("This key is not known")
        page.get_by_label("Key").fill(site.key)
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_role("heading", name="Paint")).to_be_visible()
        page.reload()
        expect(page.get_by_role("button", name="Generate")).to_be_visible()
        page.get_by_role("button", name="Key").click()
        expect(page.get_by_label("Key")).to_be_visible()


def test_a_key_in_the_address_is_taken_out_of_it(play: Play, site: Site) -> None:
    expect(play.generate).to_be_visible()
    assert play.page.url == site.address("paint")
    assert site.key not in play.page.evaluate("() => JSON.stringify(history.state) + location.href + document.cookie")


def test_a_flow_that_is_not_there_is_told_only_to_who_has_a_key(play: Play, site: Site) -> None:
    play.page.goto(site.address("nothing-like-it"))
    expect(play.page.get_by_role("alert")).to_contain_text("nothing-like-it")
    assert play.page.request.get(site.address("nothing-like-it")).status == 200


# Pictures


def test_each_prompt_gets_its_picture_and_the_history_brings_its_inputs_back(play: Play) -> None:
    first, second = scene("white", "green", "square"), scene("blue", "red", "circle")
    expect(play.page.get_by_text("First run: no estimate yet")).to_be_visible()
    play.fill("prompt", first.caption)
    play.run()
    assert shows(play.picture(), first)
    expect(play.page.get_by_text(re.compile(r"about [\d.]+ s"))).to_be_visible()
    seed = play.done.locator(".pp-seed-used").inner_text()
    play.fill("prompt", second.caption)
    play.run()
    expect(play.page.get_by_role("navigation", name="History").get_by_role("button")).to_have_count(2)
    assert shows(play.picture(), second)
    play.page.get_by_role("navigation", name="History").get_by_role("button").nth(1).click()
    assert play.value("prompt") == first.caption
    assert play.value("seed") == seed.removeprefix("seed ")
    assert shows(play.picture(), first)


def test_several_at_once_have_seeds_of_their_own(play: Play, site: Site) -> None:
    opened(play, site, "paint")
    play.fill("seed", "40")
    for _ in range(2):
        play.page.get_by_role("button", name="One more").click()
    play.run(3)
    assert play.page.locator(".pp-seed-used").all_inner_texts() == ["seed 40", "seed 41", "seed 42"]
    assert len({play.picture(place).tobytes() for place in range(3)}) == 3
    play.page.locator(".pp-seed-used").nth(2).click()
    assert play.value("seed") == "42"
    play.page.get_by_role("button", name="Random in every run").click()
    play.page.get_by_role("button", name=re.compile("Use the last one")).click()
    assert play.value("seed").isdigit()


def test_a_picture_is_looked_at_in_full_and_saved(play: Play, site: Site) -> None:
    opened(play, site, "poster").run()
    play.done.locator(".pp-picture").click()
    large = play.page.get_by_role("dialog", name="Image")
    expect(large.locator("img")).to_be_visible()
    with play.page.expect_download() as download:
        large.get_by_role("button", name="Save").click()
    assert PIL.Image.open(download.value.path()).size == (64, 48)
    assert download.value.suggested_filename.endswith(".png")
    play.page.keyboard.press("Escape")
    expect(large).not_to_be_visible()


# What is wrong


def test_a_refusal_stands_at_the_field_that_it_is_about(play: Play, site: Site) -> None:
    opened(play, site, "poster")
    play.fill("width", "50")
    play.generate.click()
    expect(play.field("width").get_by_role("alert").last).to_contain_text("50 is not a multiple of 16")
    expect(play.done).to_have_count(0 if play.page.locator(".pp-card").count() == 0 else 1)
    play.fill("width", "64")
    expect(play.field("width").locator(".pp-fault")).to_have_count(0)


def test_what_cannot_be_read_is_not_sent(play: Play, site: Site) -> None:
    opened(play, site, "poster")
    sent: list[str] = []
    play.page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    play.fill("height", "many")
    play.generate.click()
    expect(play.field("height").locator("input")).to_be_focused()
    assert not [url for url in sent if url.endswith("/jobs")]


def test_a_node_that_fails_is_told_in_its_words(play: Play, site: Site) -> None:
    opened(play, site, "fail").generate.click()
    expect(play.page.locator(".pp-card").get_by_role("alert")).to_contain_text("it broke", timeout=LONG)


def test_a_generation_is_cancelled(play: Play, site: Site) -> None:
    opened(play, site, "slow")
    play.fill("seconds", "50")
    play.generate.click()
    expect(play.page.locator('.pp-card [data-status="running"]')).to_be_visible(timeout=LONG)
    play.page.get_by_role("button", name="Cancel").click()
    expect(play.page.get_by_text("Cancelled.")).to_be_visible(timeout=LONG)


def test_an_unfinished_picture_is_shown(play: Play, site: Site) -> None:
    opened(play, site, "slowly").generate.click()
    expect(play.page.get_by_alt_text("Not finished yet")).to_be_visible(timeout=LONG)
    expect(play.done).to_have_count(1, timeout=LONG)


def test_the_form_outlives_a_server_that_stops(browser: Browser, tmp_path: Path) -> None:
    store = Store(tmp_path)
    publish(store, poster_flow(), "poster")
    first = Server(store, port=0, backend="inline")
    with page_of(browser) as page:
        with first:
            key = first.serving.keys.make("person", ["*"]).text
            port = urlsplit(first.url).port
            page.goto(f"{first.url}/play/poster#key={key}")
            play = Play(page)
            play.fill("prompt", "a stubborn hill")
        play.generate.click()
        expect(page.get_by_role("alert")).to_contain_text("Nobody answers")
        with Server(store, port=port or 0, backend="inline"):
            expect(page.get_by_text("Nobody answers")).not_to_be_visible(timeout=LONG)
            assert play.value("prompt") == "a stubborn hill"
            play.run()
    store.close()


def test_what_was_typed_outlives_a_reload(play: Play, site: Site) -> None:
    opened(play, site, "say-it")
    play.fill("text", "not sent yet")
    play.page.get_by_role("radio", name="hard").check()
    play.page.reload()
    expect(play.generate).to_be_visible()
    assert play.value("text") == "not sent yet"
    expect(play.page.get_by_role("radio", name="hard")).to_be_checked()
    play.field("text").locator("textarea").press("Control+Enter")
    expect(play.done).to_contain_text('["not sent yet", 3, 0.5, false, "hard"]', timeout=LONG)


# Media


def half_and_half() -> PIL.Image.Image:
    picture = PIL.Image.new("RGB", (64, 48), "red")
    picture.paste("blue", (32, 0, 64, 48))
    return picture


def test_a_picture_is_dropped_in_and_a_result_goes_in_again(play: Play, site: Site) -> None:
    opened(play, site, "turn")
    play.drop("image", "half.png", picture_file(half_and_half(), ".png"), "image/png")
    expect(play.field("image").locator("img")).to_be_visible()
    play.run()
    assert play.picture().getpixel((4, 4)) == (0, 0, 255)
    shown = play.done.locator(".pp-picture img").get_attribute("src")
    play.page.get_by_role("button", name="Use as image").click()
    expect(play.page.get_by_role("status").filter(has_text="is this result now")).to_be_visible()
    play.generate.click()
    expect(play.done.locator(f'.pp-picture img:not([src="{shown}"])')).to_be_visible(timeout=LONG)
    assert play.picture().getpixel((4, 4)) == (255, 0, 0), "turned twice"
    before = play.field("image").locator("img").get_attribute("src")
    play.done.locator(".pp-picture img").drag_to(play.field("image").locator(".pf-zone"))
    expect(play.field("image").locator(f'img:not([src="{before}"])')).to_be_visible()


def test_every_medium_goes_in_and_comes_out(play: Play, site: Site) -> None:
    opened(play, site, "media")
    sound = Audio(np.sin(np.linspace(0, 900, 16_000, dtype=np.float32))[None], 16_000)
    film = Video(np.tile(np.asarray(half_and_half()), (8, 1, 1, 1)), 8.0)
    picture = picture_file(half_and_half(), ".png")
    play.drop("image", "a.png", picture, "image/png")
    play.drop("mask", "m.png", picture_file(half_and_half().convert("L"), ".png"), "image/png")
    play.drop("audio", "a.wav", sound_file(sound, ".wav"), "audio/wav")
    play.drop("video", "a.mp4", film_file(film, ".mp4"), "video/mp4")
    play.drop("images", "b.png", picture, "image/png")
    play.fill("table", 'name,weight\n"apple, red",1.5')
    expect(play.page.get_by_text("2 columns, 1 row")).to_be_visible()
    expect(play.page.locator(".pf-filled")).to_have_count(5)
    play.run()
    card = play.done
    expect(card.get_by_role("region", name="Image", exact=True).locator("img")).to_have_count(1)
    expect(card.get_by_role("button", name="Play the sound of Audio")).to_be_visible()
    assert card.locator("audio").evaluate(_LENGTH) == pytest.approx(1, abs=0.05)
    expect(card.locator("video")).to_be_visible()
    expect(card.get_by_role("cell", name="apple, red")).to_be_visible()
    expect(card.get_by_role("cell", name="1.5")).to_be_visible()
    play.page.reload()
    expect(play.done).to_have_count(1)
    play.page.get_by_role("button", name="Bring its inputs back").click()
    expect(play.page.locator(".pf-filled")).to_have_count(5)


# Behind the form


def test_the_request_and_its_answer_are_shown_as_they_are(play: Play, site: Site) -> None:
    opened(play, site, "say-it")
    play.fill("text", "as it is")
    play.run()
    play.page.get_by_role("tab", name="JSON").click()
    expect(play.page.locator(".pp-code").first).to_contain_text('"text": "as it is"')
    expect(play.page.locator(".pp-code").nth(1)).to_contain_text('"status": "succeeded"')


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
def test_the_code_that_is_copied_does_the_same(play: Play, site: Site, tmp_path: Path) -> None:
    opened(play, site, "poster")
    play.fill("prompt", 'it\'s a "hill" $HOME')
    play.run()
    painted = play.picture().getpixel((9, 9))
    play.page.get_by_role("tab", name="Code").click()
    curl = play.page.locator(".pp-code").inner_text().partition("\n")[2]
    environment = {**os.environ, "PIXELFLOW_KEY": site.key}
    subprocess.run(["bash", "-c", curl], cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert PIL.Image.open(tmp_path / "poster.png").getpixel((9, 9)) == painted
    play.page.get_by_role("tab", name="Python").click()
    expect(play.page.locator(".pp-code")).to_contain_text("pf.Client")
    play.page.get_by_role("tab", name="TypeScript").click()
    expect(play.page.locator(".pp-code")).to_contain_text("export async function callPoster")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 900, 1400])
def test_nothing_sticks_out_of_the_page(browser: Browser, site: Site, artifacts: Path, width: int, scheme: str) -> None:
    with page_of(browser, width, 900, color_scheme=scheme) as page:
        page.goto(f"{site.address('poster')}#key={site.key}")
        play = Play(page)
        for _ in range(3):
            page.get_by_role("button", name="One more").click()
        play.run(4)
        page.screenshot(path=artifacts / f"playground-{width}-{scheme}.png", full_page=True)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        small = page.locator(".pp button:visible").evaluate_all(
            "(all) => all.filter((each) => each.getBoundingClientRect().height < 20).map((each) => each.outerHTML)"
        )
        assert small == [], "every button can be hit"
