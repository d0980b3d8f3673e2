"""What browser tests share: one server, one browser, a page for each module.

Fixtures are of this package, not of the session: while Playwright is started, no other test can start an event loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .browser import WAIT, chromium, complaints, page_of
from .harness import Harness, build_harness
from .servers import Jupyter, jupyter_server


@pytest.fixture(scope="package")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """The server that all tests in JupyterLab and in Notebook 7 share."""
    with jupyter_server(tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("jupyter")) as server:
        yield server


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser that all tests share."""
    expect.set_options(timeout=WAIT)
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page of the module's own."""
    with page_of(browser) as opened:
        yield opened


@pytest.fixture(scope="package")
def artifacts() -> Path:
    """The folder of the pictures that people look at; git ignores it."""
    folder = Path(__file__).parent / "artifacts"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="package")
def harness_page() -> Path:
    """The editor without Jupyter, built."""
    return build_harness()


@pytest.fixture
def harness(page: Page, harness_page: Path) -> Iterator[Harness]:
    """Opens the editor without Jupyter; the test fails if the page complains."""
    yield Harness(page, harness_page)
    found = list(complaints(page))
    page.found_complaints.clear()  # type: ignore[attr-defined]
    assert found == []
