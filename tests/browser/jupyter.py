"""A real JupyterLab, and a real browser that looks at it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

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
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
    # Every cell stays in the page, so that tests find what is scrolled away.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}

_CODE_CELLS = """
    const cells = window.jupyterapp.shell.currentWidget.content.widgets.filter((cell) => cell.model.type === 'code');
    const outputs = (cell) => cell.model.outputs.toJSON();
    const ran = (cell) => cell.model.executionCount !== null;
    const failed = (cell) => outputs(cell).some((output) => output.output_type === 'error');
    const words = (cell) => outputs(cell).find((output) => output.output_type === 'error').evalue;
    const all = (test) => cells.every(test);
"""


@contextlib.contextmanager
def jupyter_lab(root: Path, home: Path) -> Iterator[str]:
    """Start JupyterLab with settings of its own and yield its address.

    Args:
        root: Folder of the notebooks.
        home: Empty folder for configuration and logs.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name, settings in SETTINGS.items():
        path = home / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    folders = {"CONFIG_DIR": "config", "DATA_DIR": "data", "RUNTIME_DIR": "runtime"}
    environment = os.environ | {f"JUPYTER_{name}": str(home / folder) for name, folder in folders.items()}
    environment |= {"IPYTHONDIR": str(home / "ipython"), "JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    environment |= {"JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces")}
    options = [
        "--no-browser",
        "--allow-root",
        "--expose-app-in-browser",
        f"--port={port}",
        "--ServerApp.port_retries=0",
    ]
    options += ["--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=", "--ServerApp.password="]
    options += ["--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={root}"]
    address = f"http://127.0.0.1:{port}"
    with (home / "server.log").open("wb") as log:
        command = [sys.executable, "-m", "jupyter", "lab", *options]
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait_for(address, server, home / "server.log")
            yield address
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(f"{address}/api/status", timeout=2).close()
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}") from None
            time.sleep(0.1)
        else:
            return


@contextlib.contextmanager
def browser_page(width: int = 1400, height: int = 1000) -> Iterator[Page]:
    """Yield an empty page of a real browser; `page.complaints` collects the errors of its console."""
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=1)
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.complaints = complaints  # type: ignore[attr-defined]
        yield page
        browser.close()


class Lab:
    """Drives a notebook in JupyterLab.

    Args:
        page: A browser page.
        address: Of the server.
    """

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address

    def open(self, notebook: str) -> None:
        """Open a notebook and wait until its kernel is idle."""
        self.page.goto(f"{self.address}/lab/tree/{notebook}")
        self.page.wait_for_function("() => window.jupyterapp && window.jupyterapp.shell.currentWidget", timeout=120_000)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=120_000)
        self._wait_until_idle()

    def _wait_until_idle(self) -> None:
        self.page.wait_for_function(
            """() => {
                const context = window.jupyterapp.shell.currentWidget?.sessionContext;
                return context?.session?.kernel?.status === 'idle';
            }""",
            timeout=300_000,
        )

    def run_all(self) -> None:
        """Run every cell and wait for the end."""
        self.command("notebook:run-all-cells")
        # A cell that failed ends the run; those behind it keep no number.
        self.page.wait_for_function(
            f"() => {{ {_CODE_CELLS} return all(ran) || cells.some(failed); }}", timeout=300_000
        )
        self._wait_until_idle()

    def errors(self) -> list[str]:
        """Return what the cells that failed said."""
        return self.page.evaluate(f"() => {{ {_CODE_CELLS} return cells.filter(failed).map(words); }}")

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Execute a command of JupyterLab and wait for it."""
        self.page.evaluate("([name, args]) => window.jupyterapp.commands.execute(name, args)", [name, arguments or {}])

    def theme(self, dark: bool) -> None:
        """Switch between the light and the dark theme."""
        self.command("apputils:change-theme", {"theme": "JupyterLab Dark" if dark else "JupyterLab Light"})
        self.page.wait_for_function(f"() => document.body.dataset.jpThemeLight === '{str(not dark).lower()}'")
        self.page.wait_for_timeout(500)
