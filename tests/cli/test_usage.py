"""`pixelflow usage`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import pixelflow_widgets as pf
from pixelflow_widgets.cli import app


@pf.node
def uses_for_the_shell(text: str, progress: pf.Progress = pf.Progress()) -> str:
    """Says that a model read something."""
    progress.used(model="server:of-the-shell", input_tokens=2_000_000)
    return text


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path))
    monkeypatch.setenv("PIXELFLOW_CACHE", str(tmp_path / "cache"))
    return tmp_path


def told(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["usage", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_what_was_used_is_shown_by_model_by_day_and_by_flow(folder: Path) -> None:
    assert "Nothing has run yet" in told()[2]
    with pf.Flow("of-the-shell-flow") as flow:
        flow.output("text", uses_for_the_shell("x"))
    flow.run(backend="inline")
    _, shown, _ = told()
    assert "server:of-the-shell" in shown
    assert "2,000,000" in shown
    assert "0.00 +?" in shown, "a price that is not known is not nothing"
    (folder / "rates.toml").write_text('[models."server:of-the-shell"]\ninput = 2\n')
    assert "4.00" in told("--by", "model")[1]
    assert "of-the-shell-flow" in told("--by", "flow")[1]
    answer = json.loads(told("--by", "day", "--json")[1])
    assert answer["totals"]["money"] == 4
    assert answer["usage"][0]["input_tokens"] == 2_000_000
    assert "Nothing has run yet" in told("--since", "2999-01-01")[2]


def test_the_file_of_prices_is_begun_and_named(folder: Path) -> None:
    code, path, words = told("rates")
    assert (code, path.strip()) == (0, str(folder / "rates.toml"))
    assert "begun now" in words
    assert Path(path.strip()).exists()
    assert "1 entries" in told("rates")[2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("--by", "hour"), "'hour' is none of"), (("--since", "spring"), "is no day"), (("rates",), "models is 3")],
)
def test_what_is_wrong_is_said(folder: Path, arguments: tuple[str, ...], words: str) -> None:
    (folder / "rates.toml").write_text("models = 3")
    code, _, said = told(*arguments)
    assert code == 2
    assert words in said


def test_without_a_folder_no_prices_are_kept() -> None:
    code, _, said = told("rates")
    assert code == 2
    assert "PIXELFLOW_DATA=none" in said
