"""The programs that pages come from: one Jupyter server for JupyterLab and Notebook 7, one marimo for each notebook."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    # Every cell stays in the page, so that tests find what is scrolled away.
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}
SUBSHELLS = "@jupyterlab/apputils-extension:kernels-settings"
TRACKER = "@jupyterlab/notebook-extension:tracker"


@dataclass(frozen=True)
class Jupyter:
    """Is a running Jupyter server.

    Args:
        address: Where it answers.
        root: Folder of its notebooks.
    """

    address: str
    root: Path

    def set(self, plugin: str, settings: Mapping[str, Any]) -> None:
        """Change the settings of a plugin for every page that is loaded from now on."""
        self._ask("PUT", f"lab/api/settings/{plugin}", {"raw": json.dumps(settings)})

    @contextlib.contextmanager
    def setting(self, plugin: str, settings: Mapping[str, Any]) -> Iterator[None]:
        """Change the settings of a plugin for pages that are loaded inside the block."""
        self.set(plugin, settings)
        try:
            yield
        finally:
            self.set(plugin, SETTINGS.get(plugin, {}))

    def end_kernels(self) -> None:
        """End every kernel, with its worker, so that the next test has the machine for itself."""
        for kernel in self._ask("GET", "api/kernels"):
            self._ask("DELETE", f"api/kernels/{kernel['id']}")

    def _ask(self, method: str, path: str, content: Any = None) -> Any:
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(f"{self.address}/{path}", data, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
        return json.loads(text) if text else None


@contextlib.contextmanager
def jupyter_server(root: Path, home: Path) -> Iterator[Jupyter]:
    """Start a Jupyter server with settings of its own and yield it.

    Args:
        root: Folder of the notebooks.
        home: Empty folder for configuration and logs.
    """
    for name, settings in SETTINGS.items():
        path = home / "settings" / f"{name.replace(':', '/')}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    folders = {"CONFIG_DIR": "config", "DATA_DIR": "data", "RUNTIME_DIR": "runtime"}
    environment = {f"JUPYTER_{name}": str(home / folder) for name, folder in folders.items()}
    environment |= {"IPYTHONDIR": str(home / "ipython"), "JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    environment |= {"JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces")}
    port = _free_port()
    options = ["--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0"]
    options += ["--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=", "--ServerApp.password="]
    options += ["--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={root}"]
    options += ["--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True"]
    address = f"http://127.0.0.1:{port}"
    with _running(["jupyter", "lab", *options], environment, home, f"{address}/api/status"):
        yield Jupyter(address, root)


@contextlib.contextmanager
def marimo_server(notebook: Path, home: Path) -> Iterator[str]:
    """Start marimo on a notebook, as an application for readers, and yield its address.

    Args:
        notebook: The notebook, a Python file.
        home: Empty folder for configuration and logs.
    """
    folders = {"CONFIG": "config", "DATA": "data", "STATE": "state", "CACHE": "cache"}
    environment = {f"XDG_{name}_HOME": str(home / folder) for name, folder in folders.items()}
    port = _free_port()
    options = ["--headless", "--no-token", "--host=127.0.0.1", f"--port={port}"]
    address = f"http://127.0.0.1:{port}"
    command = ["marimo", "run", str(notebook), *options]
    with _running(command, environment, home, f"{address}/health", folder=notebook.parent):
        yield address


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def _running(
    command: list[str], environment: Mapping[str, str], home: Path, sign_of_life: str, folder: Path | None = None
) -> Iterator[None]:
    """Run a module of Python as a program of its own until the block ends."""
    log = home / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=os.environ | environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_for(sign_of_life, server, log)
            yield
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(10)


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The server did not start:\n{log.read_text()[-3000:]}") from None
            time.sleep(0.1)
        else:
            return
