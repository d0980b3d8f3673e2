"""Drives a notebook in JupyterLab or in Notebook 7, which run the same application under two shells."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from .browser import LONG, WAIT
from .editor import EditorPage
from .servers import Jupyter

_CONTEXT = "window.jupyterapp.shell.currentWidget.sessionContext"
_CODE_CELLS = """
    const cells = window.jupyterapp.shell.currentWidget.content.widgets.filter((cell) => cell.model.type === 'code');
    const outputs = (cell) => cell.model.outputs.toJSON();
    const ran = (cell) => cell.model.executionCount !== null || !cell.model.sharedModel.getSource().trim();
    const failed = (cell) => outputs(cell).some((output) => output.output_type === 'error');
    const words = (cell) => outputs(cell).find((output) => output.output_type === 'error').evalue;
"""
_EXECUTE = f"""async (code) => {{
    const future = {_CONTEXT}.session.kernel.requestExecute({{ code, store_history: false }});
    let out = '', error = null;
    future.onIOPub = (message) => {{
        if (message.header.msg_type === 'stream') out += message.content.text;
        if (message.header.msg_type === 'error') error = message.content.traceback.join('\\n');
    }};
    await future.done;
    return {{ out, error }};
}}"""


def write_notebook(path: Path, *cells: str) -> Path:
    """Write a notebook of code cells and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    entries = [
        {"cell_type": "code", "id": f"cell-{n}", "metadata": {}, "execution_count": None, "outputs": [], "source": cell}
        for n, cell in enumerate(cells)
    ]
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": entries}
    path.write_text(json.dumps(content))
    return path


class Lab:
    """Is a notebook that is open in a page.

    Args:
        page: A browser page.
        jupyter: The server.
        shell: "lab" or "notebook".
    """

    def __init__(self, page: Page, jupyter: Jupyter, shell: str = "lab") -> None:
        self.page = page
        self.jupyter = jupyter
        self._shell = shell

    # Opening and closing

    def open(self, notebook: str) -> None:
        """Open a notebook in a fresh application and wait until its kernel is idle."""
        where = f"lab/tree/{notebook}?reset" if self._shell == "lab" else f"notebooks/{notebook}"
        self.page.goto(f"{self.jupyter.address}/{where}", timeout=LONG)
        self._wait_until_open(notebook)

    def reload(self) -> None:
        """Reload the page; the kernel stays."""
        notebook = self.path()
        self.page.reload(timeout=LONG)
        self._wait_until_open(notebook)

    def save(self) -> None:
        """Save the notebook."""
        self.command("docmanager:save")

    def close(self) -> None:
        """Close the notebook's tab; the kernel stays."""
        path = self.path()
        self.command("application:close")
        self.page.wait_for_function("(path) => window.jupyterapp.shell.currentWidget?.context?.path !== path", arg=path)

    def shut_down(self) -> None:
        """End the notebook's kernel and close its tab, whatever was not saved."""
        self.page.evaluate(f"async () => {{ await {_CONTEXT}.shutdown(); }}")
        self.save()
        self.close()

    def save_and_reload(self) -> None:
        """Save the notebook and reload the page; the kernel stays."""
        self.save()
        self.reload()

    def save_close_and_reopen(self) -> None:
        """Save and close the notebook, and open it again; the kernel stays."""
        path = self.path()
        self.save()
        self.close()
        self.reopen(path)

    def path(self) -> str:
        """Return where the notebook lies below the server's root."""
        return self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path")

    def reopen(self, notebook: str) -> None:
        """Open a notebook that was closed, in the same application."""
        self.command("docmanager:open", {"path": notebook})
        self._wait_until_open(notebook)

    def _wait_until_open(self, notebook: str) -> None:
        self.page.wait_for_function(
            "(path) => window.jupyterapp?.shell?.currentWidget?.context?.path === path", arg=notebook, timeout=LONG
        )
        self.page.locator(".jp-Notebook:visible .jp-Cell").first.wait_for(timeout=LONG)
        self.wait_until_idle()

    # Cells

    def run_all(self) -> None:
        """Run every cell and wait for the end."""
        self._clear_numbers()
        self.command("notebook:run-all-cells")
        self._wait_until_run()

    def run_cell(self, index: int) -> None:
        """Run one cell and wait for its end."""
        self._clear_numbers(index)
        self.page.evaluate("(i) => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = i; }", index)
        self.command("notebook:run-cell")
        self._wait_until_run(index)

    def set_cell(self, index: int, source: str) -> None:
        """Replace the source of a cell."""
        self.page.evaluate(
            "([i, text]) => window.jupyterapp.shell.currentWidget.content.widgets[i].model.sharedModel.setSource(text)",
            [index, source],
        )

    def scroll_to(self, index: int) -> None:
        """Scroll the notebook to one of its cells."""
        self.page.evaluate(
            "async (i) => { const notebook = window.jupyterapp.shell.currentWidget.content;"
            " notebook.activeCellIndex = i; await notebook.scrollToItem(i, 'center'); }",
            index,
        )

    def cells(self) -> list[str]:
        """Return the sources of the cells."""
        return self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.content.widgets.map((w) => w.model.sharedModel.getSource())"
        )

    def errors(self) -> list[str]:
        """Return what the cells that failed said."""
        return self.page.evaluate(f"() => {{ {_CODE_CELLS} return cells.filter(failed).map(words); }}")

    def outputs(self) -> list[dict[str, Any]]:
        """Return what all code cells put out, as the notebook will hold it."""
        return self.page.evaluate(f"() => {{ {_CODE_CELLS} return cells.flatMap(outputs); }}")

    def _clear_numbers(self, index: int | None = None) -> None:
        # A run is over when the cells have their numbers, so those of the run before go first.
        self.page.evaluate(
            f"(i) => {{ {_CODE_CELLS} for (const cell of i === null ? cells : [cells[i]]) "
            "cell.model.executionCount = null; }",
            index,
        )

    def _wait_until_run(self, index: int | None = None) -> None:
        # A cell that failed ends the run; those behind it keep no number.
        self.page.wait_for_function(
            f"(i) => {{ {_CODE_CELLS} const asked = i === null ? cells : [cells[i]];"
            " return asked.every(ran) || asked.some((cell) => ran(cell) && failed(cell)); }",
            arg=index,
            timeout=LONG,
        )
        self.wait_until_idle()

    # The kernel

    def wait_until_idle(self) -> None:
        """Wait until the kernel has nothing to do."""
        self.page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=LONG,
        )

    def execute(self, code: str) -> str:
        """Run code in the kernel, outside of the cells, and return what it printed."""
        answer = self.page.evaluate(_EXECUTE, code)
        assert answer["error"] is None, answer["error"]
        return answer["out"].strip()

    def value(self, expression: str) -> Any:
        """Return the value of an expression in the kernel, which must be JSON."""
        return json.loads(self.execute(f"import json as _json; print(_json.dumps({expression}))"))

    def busy(self, code: str) -> None:
        """Start code in the kernel, and return while it runs."""
        self.page.evaluate(
            f"(code) => {{ window.busyCell = {_CONTEXT}.session.kernel.requestExecute("
            "{ code, store_history: false }); }",
            code,
        )

    def wait_for_busy(self) -> None:
        """Wait for the end of what `busy` started."""
        self.page.evaluate("() => window.busyCell.done")

    def kernel_pid(self) -> int:
        """Return the number of the kernel's process."""
        return int(self.execute("import os; print(os.getpid())"))

    def kill_kernel(self) -> None:
        """End the kernel's process as a crash would, and wait until the server has started another."""
        before = self.kernel_pid()
        os.kill(before, signal.SIGKILL)
        self.page.locator(".jp-Dialog").get_by_role("button", name="Ok", exact=True).click(timeout=LONG)
        self.wait_until_idle()
        assert self.kernel_pid() != before

    def restart_kernel(self) -> None:
        """Restart the kernel as its menu does."""
        before = self.kernel_pid()
        self.page.evaluate(f"async () => {{ await {_CONTEXT}.session.kernel.restart(); }}")
        self.wait_until_idle()
        assert self.kernel_pid() != before

    # The application

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Execute a command of the application and wait for it."""
        # Not what it resolves to: that may be a widget, which no wire carries.
        self.page.evaluate(
            "async ([name, args]) => { await window.jupyterapp.commands.execute(name, args); }",
            [name, arguments or {}],
        )

    def start_command(self, name: str) -> None:
        """Execute a command of the application without waiting for it."""
        self.page.evaluate("(name) => { void window.jupyterapp.commands.execute(name); }", name)

    def theme(self, dark: bool) -> None:
        """Switch between the light and the dark theme."""
        self.command("apputils:change-theme", {"theme": "JupyterLab Dark" if dark else "JupyterLab Light"})
        self.page.wait_for_function(f"() => document.body.dataset.jpThemeLight === '{str(not dark).lower()}'")


def in_both_themes(lab: Lab, editor: EditorPage, artifacts: Path, name: str) -> None:
    """Photograph the editor in the dark theme and in the light one, in which it stays."""
    for dark in (True, False):
        lab.theme(dark)
        editor.page.wait_for_timeout(400)
        editor.screenshot(artifacts / f"{name}-{'dark' if dark else 'light'}.png")


def eventually(ask: Callable[[], Any], wanted: Callable[[Any], bool], timeout: float = WAIT / 1000) -> Any:
    """Ask until the answer is wanted, and return it; after the time-out the last answer is an assertion's words."""
    deadline = time.monotonic() + timeout
    while True:
        answer = ask()
        if wanted(answer):
            return answer
        assert time.monotonic() < deadline, f"still {answer!r}"
        time.sleep(0.1)
