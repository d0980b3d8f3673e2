"""The editor without Jupyter: the page of `npm run harness`, with a kernel that lives in it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from .editor import EditorPage

JS = Path(__file__).parents[2] / "js"


def build_harness() -> Path:
    """Build the page and return where it lies."""
    subprocess.run(["npm", "run", "--silent", "harness"], cwd=JS, check=True, timeout=60)
    return JS / ".harness" / "index.html"


class Harness:
    """Opens flows in the page.

    Args:
        page: A browser page.
        path: Of the page.
    """

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self._path = path

    def open(self, scene: str = "first", **options: str) -> EditorPage:
        """Open a scene and return its editor.

        Args:
            scene: Its name, of js/harness/scenes.ts.
            options: More of the page's options; "" for those without a value.
        """
        query = "&".join([f"scene={scene}", *(f"{name}={value}" if value else name for name, value in options.items())])
        self.page.goto(f"{self._path.as_uri()}?{query}")
        return EditorPage(self.page).wait()

    def document(self) -> Any:
        """Return the kernel's document."""
        return self.page.evaluate("() => window.kernel.document")

    def kernel(self, code: str) -> Any:
        """Return what an expression of `kernel` is."""
        return self.page.evaluate(f"() => {{ const kernel = window.kernel; return {code}; }}")
