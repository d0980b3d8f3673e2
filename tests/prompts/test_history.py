"""Earlier prompts of a flow, with what came of them."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.prompts import history
from pixelflow_widgets.run import history as kept
from pixelflow_widgets.run.history import place_of, process_history


@pf.node
def painted_words(prompt: Annotated[str, pf.Prompt()], unwanted: Annotated[str, pf.Prompt()] = "") -> pf.Image:
    """Paints as many pixels as there are letters."""
    return PIL.Image.new("RGB", (200 + len(prompt), 100), "red")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A history on disk, of this test alone."""
    monkeypatch.setenv("PIXELFLOW_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    yield tmp_path / "cache"
    process_history().flush()
    kept._history_in.cache_clear()


@pytest.fixture
def flow() -> pf.Flow:
    """Returns a flow of a prompt that a picture is painted of."""
    flow = pf.Flow("words")
    words = flow.add("prompt", id="words", text="a {red|blue} fox")
    flow.output("image", flow.add(painted_words, id="paint", prompt=words["text"])["image"])
    return flow


def test_prompts_of_runs_come_newest_first_with_a_small_picture(flow: pf.Flow) -> None:
    flow.run(backend="inline")
    flow.set("words", text="an owl")
    flow.run(backend="inline")
    table = flow.prompts
    assert list(table.columns) == list(history.COLUMNS)
    words = table[table["node"] == "words"]
    assert list(words["text"]) == ["an owl", "a {red|blue} fox"], "as it was typed"
    paint = table[(table["node"] == "paint") & (table["port"] == "prompt")]
    assert paint["text"].iloc[0] == "an owl"
    assert paint["text"].iloc[1] in ("a red fox", "a blue fox")
    assert str(table["when"].dtype).startswith("datetime64")
    for address in table["thumbnail"]:
        mime, _, data = address.partition(",")
        assert mime == "data:image/webp;base64"
        assert max(PIL.Image.open(io.BytesIO(base64.b64decode(data))).size) == 96
    assert "unwanted" not in set(table["port"]), "an empty prompt is none"


def test_what_several_runs_had_comes_once_as_the_newest(flow: pf.Flow) -> None:
    flow.run(backend="inline")
    newest = flow.run(backend="inline") and flow.last_run
    rows = process_history().runs(place_of(flow), flow.epoch)
    assert len(rows) == 2
    (one,) = history.prompts(rows, "words")
    assert newest is not None
    assert one["run"] == newest.id
    assert history.prompts(rows, "paint", "prompt", most=1)[0]["thumbnail"]
    assert history.prompts(rows, "nowhere") == []


def test_a_list_of_prompts_is_told_as_lines_and_inputs_of_the_flow_as_they_were_given() -> None:
    flow = pf.Flow("words")
    many = flow.add("prompt_variants", text="{a|b}")
    flow.add(painted_words, id="paint", prompt=many["texts"], unwanted=flow.input("not_this", "cats"))
    flow.run(backend="inline", not_this="dogs")
    told = {(row["node"], row["port"]): row["text"] for row in flow.prompts.to_dict("records")}
    assert told["paint", "unwanted"] == "dogs"
    assert told["paint", "prompt"] == "a\nb"
    assert told["prompt_variants", "text"] == "{a|b}"


def test_neither_a_secret_nor_a_variable_is_kept(flow: pf.Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    pf.secrets["HISTORY_KEY"] = "sk-planted-1234567890"
    try:
        flow.set("words", text="the key is sk-planted-1234567890")
        flow.run(backend="inline")
    except pf.PixelFlowError:  # a flow may refuse to hold it at all
        pass
    finally:
        del pf.secrets["HISTORY_KEY"]
    assert not any("sk-planted" in text for text in flow.prompts["text"])


def test_long_prompts_and_many_nodes_take_little_room() -> None:
    flow = pf.Flow("words")
    for number in range(60):
        flow.add(painted_words, id=f"paint_{number}", prompt="x" * 30_000 + str(number))
    flow.run(backend="inline")
    table = flow.prompts
    assert table["text"].str.len().max() == 20_000
    assert len(table) == 50
    assert table["thumbnail"].notna().sum() == 8
