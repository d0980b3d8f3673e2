"""A real browser, and the pages that tests look at."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Iterator
from typing import Any

import PIL.Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # Without these, Chromium looks for hosts that a machine without a network does not reach.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
]
WAIT = 20_000
"""Milliseconds that a page may take for anything but starting a kernel and running a model."""
LONG = 60_000
"""Milliseconds that starting a kernel or running a model may take."""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser and yield it."""
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def page_of(browser: Browser, width: int = 1400, height: int = 1000, **options: Any) -> Iterator[Page]:
    """Yield an empty page with cookies and storage of its own; `complaints(page)` are the errors of its console."""
    context = browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=1, **options)
    try:
        context.set_default_timeout(WAIT)
        page = context.new_page()
        found: list[str] = []
        page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: found.append(f"{error}\n{error.stack}"))
        page.found_complaints = found  # type: ignore[attr-defined]
        yield page
    finally:
        context.close()


def complaints(page: Page, *words: str) -> list[str]:
    """Return the errors of a page's console that name one of some words, or all of them."""
    found: list[str] = page.found_complaints  # type: ignore[attr-defined]
    return [text for text in found if not words or any(word in text for word in words)]


# A picture that is replaced while it is decoded says that it cannot be decoded: the next one is read instead.
_PIXELS = """async (image) => {
    for (let tries = 1; ; tries++) {
        try { await image.decode(); break; }
        catch (error) { if (tries === 20) throw error; }
        await new Promise((done) => setTimeout(done, 50));
    }
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    canvas.getContext('2d').drawImage(image, 0, 0);
    const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
    return Array.from(bytes);
}"""


def pixels(image: Locator) -> PIL.Image.Image:
    """Return the picture that an `img` holds, at its own size."""
    return PIL.Image.open(io.BytesIO(bytes(image.evaluate(_PIXELS)))).convert("RGB")


def corner_and_middle(image: PIL.Image.Image) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the colours of a corner and of the middle."""
    image = image.convert("RGB")
    inset = max(1, image.width // 40)
    corner, middle = image.getpixel((inset, inset)), image.getpixel((image.width // 2, image.height // 2))
    assert isinstance(corner, tuple) and isinstance(middle, tuple)
    return corner, middle


def is_red_circle_on_blue(image: PIL.Image.Image) -> bool:
    """Return whether the middle is red and the corner blue."""
    corner, middle = corner_and_middle(image)
    return middle[0] > 150 > middle[2] and corner[2] > 150 > corner[0]
