"""The history of runs: what it says, and that it never stands in a run's way."""

from __future__ import annotations

import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.run import history
from pixelflow_widgets.run.history import History, process_history

from . import sample_nodes as nodes


@pf.node
def chance(seed: Annotated[int, pf.Seed()] | None = None) -> int:
    return seed or 0


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A history on disk, of this test alone."""
    monkeypatch.setenv("PIXELFLOW_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    yield tmp_path / "cache"
    process_history().flush()
    history._history_in.cache_clear()


def doubling(value: int = 21) -> pf.Flow:
    with pf.Flow("doubling") as flow:
        flow.output("number", nodes.double(value=nodes.double(value=value)))
    return flow


def run(flow: pf.Flow, **options: object) -> None:
    flow.run(backend="inline", **options)


def test_a_run_is_a_row_and_its_nodes_are_rows() -> None:
    flow = doubling(value=31)
    before = datetime.now(UTC)
    run(flow)
    (row,) = flow.runs.to_dict("records")
    assert flow.last_run
    assert row["run"] == flow.last_run.id
    assert (row["flow"], row["status"], row["backend"]) == ("doubling", "done", "inline")
    assert (row["nodes"], row["ran"], row["hits"], row["errors"]) == (2, 2, 0, 0)
    assert before - timedelta(seconds=1) < row["started"] < datetime.now(UTC)
    assert row["took"] > 0
    table = flow.run_nodes()
    assert list(table.columns) == [
        "node",
        "title",
        "start",
        "took",
        "cached",
        "items",
        "seed",
        "peak",
        "error",
        "type",
        "usage",
    ]
    assert list(table["node"]) == ["double", "double_2"]
    assert not table["cached"].any()
    assert (table["start"] >= 0).all()


def test_the_newest_run_comes_first_and_says_what_it_found() -> None:
    flow = doubling(value=32)
    run(flow)
    run(flow)
    table = flow.runs
    assert list(table["hits"]) == [2, 0]
    assert flow.run_nodes()["cached"].all()
    assert not flow.run_nodes(table["run"][1])["cached"].any()


def test_a_failed_run_keeps_the_words_of_its_error_with_its_node() -> None:
    with pf.Flow("fails") as flow:
        flow.output("text", nodes.fails(text="the reason"))
    with pytest.raises(pf.errors.NodeFailed):
        run(flow)
    assert list(flow.runs["status"]) == ["failed"]
    assert list(flow.runs["errors"]) == [1]
    assert "the reason" in flow.run_nodes()["error"][0]


def test_seeds_that_were_drawn_are_kept() -> None:
    with pf.Flow("chance") as flow:
        flow.output("number", chance())
    run(flow)
    assert flow.last_run
    assert flow.runs["seeds"][0] == flow.last_run.seeds
    assert flow.run_nodes()["seed"][0] == next(iter(flow.last_run.seeds.values()))


def test_a_mapped_node_says_how_often_it_ran() -> None:
    with pf.Flow("mapped") as flow:
        flow.output("numbers", nodes.double(value=nodes.numbers(count=3)))
    run(flow)
    items = dict(zip(flow.run_nodes()["node"], flow.run_nodes()["items"], strict=True))
    assert items["double"] == 3
    assert items["numbers"] != 3, "it made a list, and ran once"


def test_flows_of_one_name_and_folder_share_their_history_and_others_do_not() -> None:
    first, again, other = doubling(value=41), doubling(value=42), pf.Flow("other")
    run(first)
    assert len(again.runs) == 1
    assert len(other.runs) == 0
    with pytest.raises(KeyError, match="no run of this flow yet"):
        other.run_nodes()
    with pytest.raises(KeyError, match="no run 'nobody'"):
        first.run_nodes("nobody")


def test_a_flow_that_got_a_file_still_knows_what_ran_before(tmp_path: Path) -> None:
    flow = doubling(value=43)
    run(flow)
    flow.save(tmp_path / "kept.flow.json")
    run(flow)
    assert len(flow.runs) == 2
    flow.close()
    loaded = pf.edit(tmp_path / "kept.flow.json")
    assert len(loaded.runs) == 1, "of the file"
    loaded.close()


def test_what_the_shell_ran_is_in_the_history_of_the_file(tmp_path: Path) -> None:
    flow = pf.Flow("shell")
    flow.output("number", flow.add("number", value=3)["number"])
    flow.save(tmp_path / "shell.flow.json")
    flow.close()
    command = [sys.executable, "-m", "pixelflow_widgets.cli", "run", "shell.flow.json", "--backend", "inline", "--json"]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    edited = pf.edit("shell.flow.json")
    assert list(edited.runs["status"]) == ["done"]
    edited.close()


def test_another_process_finds_what_ran(folder: Path) -> None:
    run(flow := doubling(value=44))
    assert flow.last_run
    script = "import pixelflow_widgets as pf; print(','.join(pf.Flow('doubling').runs['run']))"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == flow.last_run.id


def test_only_the_last_runs_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "KEPT_RUNS", 3)
    flow = doubling(value=45)
    for _ in range(5):
        run(flow)
    assert flow.last_run
    kept = process_history().runs("", flow.epoch, most=100)
    assert len(kept) == 3
    assert kept[0]["run"] == flow.last_run.id


def test_of_many_nodes_that_were_found_some_are_kept_and_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "KEPT_HITS", 1)
    flow = doubling(value=46)
    run(flow)
    flow.add(nodes.double, value=99, id="late")
    flow.run(targets=["double_2", "late"], backend="inline")
    assert list(flow.run_nodes()["node"]) == ["late", "double"]
    assert (flow.runs["nodes"][0], flow.runs["hits"][0]) == (3, 2)


def test_without_a_cache_folder_the_history_lives_with_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELFLOW_CACHE", "none")
    flow = doubling(value=47)
    run(flow)
    assert len(flow.runs) == 1


# Trouble


def test_a_damaged_database_is_put_aside_and_begun_anew(folder: Path) -> None:
    flow = doubling(value=51)
    run(flow)
    assert len(flow.runs) == 1
    (database,) = folder.glob("runs-*.sqlite")
    history._history_in.cache_clear()
    for path in folder.glob("runs-*"):
        path.write_bytes(b"no database at all" * 1000)
    run(flow)
    run(flow)
    assert len(flow.runs) == 2
    assert flow.last_run and flow.last_run.status == "done"
    assert database.with_name(f"{database.name}.damaged").exists()


def test_a_database_that_is_damaged_while_it_is_open_costs_its_rows_and_no_run(folder: Path) -> None:
    flow = doubling(value=52)
    run(flow)
    assert len(flow.runs) == 1
    for path in folder.glob("runs-*"):
        path.write_bytes(b"\0" * 8192)
    run(flow)
    flow.runs  # noqa: B018
    run(flow)
    assert flow.last_run
    assert flow.last_run.id in list(flow.runs["run"])


def test_a_row_that_cannot_be_read_is_no_reason_to_fail(folder: Path) -> None:
    flow = doubling(value=58)
    run(flow)
    assert len(flow.runs) == 1
    (path,) = folder.glob("runs-*.sqlite")
    with sqlite3.connect(path) as database:
        database.execute("UPDATE runs SET detail = ?", [b"no rows at all"])
    run(flow)
    flow.runs  # noqa: B018
    run(flow)
    assert flow.last_run
    assert flow.last_run.id in list(flow.runs["run"])


def test_while_the_database_cannot_be_written_rows_wait_and_are_shown(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    flow = doubling(value=53)
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", full)
        run(flow)
        run(flow)
        assert len(flow.runs) == 2
    assert [record.getMessage().endswith("Runs go on.") for record in caplog.records] == [True], "said once"
    run(flow)
    process_history().flush()
    history._history_in.cache_clear()
    assert len(flow.runs) == 3, "they were written when that was possible again"


def test_a_disk_that_is_full_costs_no_row_that_fits_later(tmp_path: Path) -> None:
    kept = History(tmp_path / "runs.sqlite")
    first, second = doubling(value=56), doubling(value=57)
    run(first)
    run(second)
    assert first.last_run
    assert second.last_run
    kept.follow(first.last_run, "here", "life", "inline")
    kept.flush()
    assert kept._open
    kept._open.execute("PRAGMA max_page_count = 1")  # what SQLite says of a full disk
    second.last_run.seeds["node.port"] = [secrets.randbits(32) for _ in range(5000)]
    kept.follow(second.last_run, "here", "life", "inline")
    assert {row["run"] for row in kept.runs("here", "")} == {first.last_run.id, second.last_run.id}
    kept.flush()
    again = History(tmp_path / "runs.sqlite")
    assert len(again.runs("here", "")) == 2


def test_a_folder_that_cannot_be_made_costs_nothing_but_the_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    kept = History(tmp_path / "file" / "runs.sqlite")
    flow = doubling(value=54)
    run(flow)
    assert flow.last_run
    kept.follow(flow.last_run, "here", "life", "inline")
    assert [row["run"] for row in kept.runs("here", "")] == [flow.last_run.id]


def test_two_kernels_write_one_history_at_once(tmp_path: Path) -> None:
    script = (
        "import pixelflow_widgets as pf\n"
        "from tests.run import sample_nodes as nodes\n"
        "with pf.Flow('both') as flow:\n"
        "    flow.output('number', nodes.double(value=3))\n"
        "for _ in range(20):\n"
        "    flow.run(backend='inline')\n"
    )
    root = Path(__file__).parents[2]
    script = f"import sys; sys.path.insert(0, {str(root)!r})\n{script}"
    started = [subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate(timeout=120)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], told
    assert len(pf.Flow("both").runs) == 40


@pf.node
def reads_words(text: str, progress: pf.Progress = pf.Progress()) -> str:
    progress.used(model="tiny", input_tokens=len(text))
    return text


def test_a_run_notes_what_its_nodes_used_and_a_subflow_counts_what_is_in_it() -> None:
    with pf.Flow("inner") as inner:
        inner.output("text", reads_words(text=reads_words(text=inner.input("text", "four"))))
    flow = pf.Flow("outer")
    flow.apply([{"op": "set_subflow", "name": "body", "subflow": {"document": inner.document}}])
    flow.output("alone", flow.add(reads_words, text="seven77")["text"])
    flow.output("within", flow.add("flow/body", text="four")["text"])
    run(flow)
    alone, within = flow.run_nodes().to_dict("records")
    assert (alone["usage"]["model"], alone["usage"]["input_tokens"]) == ("tiny", 7)
    assert alone["type"].endswith("reads_words")
    assert (within["usage"]["model"], within["usage"]["input_tokens"]) == ("tiny", 8)
    run(flow)
    assert all(row["cached"] and row["usage"] == {} for row in flow.run_nodes().to_dict("records"))
