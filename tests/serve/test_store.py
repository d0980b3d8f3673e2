"""The store: one file for several threads and processes, whose form is known and never guessed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pixelflow_widgets.errors import StoreError
from pixelflow_widgets.serve.migrations import MIGRATIONS
from pixelflow_widgets.serve.store import Store, serve_folder

ROOT = Path(__file__).parents[2]
ADD = "INSERT INTO owners VALUES (?, 1, 0)"
COUNT = "SELECT count(*) FROM owners"
WRITES = """
import sys
from pathlib import Path
from pixelflow_widgets.serve.store import Store

store, name = Store(Path(sys.argv[1])), sys.argv[2]
for number in range(int(sys.argv[3])):
    with store.writing() as connection:
        connection.execute("INSERT INTO owners VALUES (?, 1, 0)", (f"{name}{number}",))
    print(number, flush=True)
"""


def writer(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITES, str(folder), name, str(count)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_what_is_written_together_is_there_together_or_not_at_all(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(sqlite3.IntegrityError), store.writing() as connection:
        connection.execute(ADD, ("one",))
        connection.execute(ADD, ("one",))
    assert store.read(COUNT)[0][0] == 0
    with store.writing() as connection:
        connection.execute(ADD, ("one",))
    assert store.read(COUNT)[0][0] == 1


def test_readers_do_not_wait_for_who_writes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.writing() as connection:
        connection.execute(ADD, ("one",))
        assert store.read(COUNT)[0][0] == 0


def test_threads_write_one_after_another_and_lose_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def write(name: str) -> None:
        for number in range(50):
            with store.writing() as connection:
                connection.execute(ADD, (f"{name}{number}",))
            store.read(COUNT)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.read(COUNT)[0][0] == 400


def test_processes_share_a_store_and_what_a_killed_one_committed_stays(tmp_path: Path) -> None:
    store = Store(tmp_path)
    lasting, killed = writer(tmp_path, "a", 200), writer(tmp_path, "b", 1_000_000)
    assert killed.stdout is not None
    told = [int(killed.stdout.readline()) for _ in range(30)]
    killed.send_signal(signal.SIGKILL)
    told += [int(line) for line in killed.stdout.read().splitlines()]
    killed.communicate()
    assert lasting.communicate()[1] == "" and lasting.returncode == 0
    assert store.read(f"{COUNT} WHERE id LIKE 'a%'")[0][0] == 200
    found = store.read(f"{COUNT} WHERE id LIKE 'b%'")[0][0]
    assert found in (len(told), len(told) + 1)  # one that it could not tell of any more
    assert store.read("PRAGMA integrity_check")[0][0] == "ok"


def test_the_writing_of_others_is_noticed_and_its_own_is_not(tmp_path: Path) -> None:
    mine, other = Store(tmp_path), Store(tmp_path)
    before = mine.others_wrote()
    with mine.writing() as connection:
        connection.execute(ADD, ("mine",))
    assert mine.others_wrote() == before
    with other.writing() as connection:
        connection.execute(ADD, ("other",))
    assert mine.others_wrote() != before


def test_a_new_store_has_the_newest_form_and_opening_it_again_changes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    tables = store.read("SELECT sql FROM sqlite_master ORDER BY name")
    store.close()
    again = Store(tmp_path)
    assert again.read("PRAGMA user_version")[0][0] == len(MIGRATIONS)
    assert again.read("SELECT sql FROM sqlite_master ORDER BY name") == tables


def test_a_step_to_a_newer_form_is_done_once_and_keeps_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    with store.writing() as connection:
        connection.execute(ADD, ("one",))
    store.close()
    step = ("ALTER TABLE owners ADD COLUMN host TEXT", "UPDATE owners SET host = 'here'")
    monkeypatch.setattr("pixelflow_widgets.serve.store.MIGRATIONS", (*MIGRATIONS, step))
    for _ in range(2):
        newer = Store(tmp_path)
        assert [tuple(row) for row in newer.read("SELECT id, host FROM owners")] == [("one", "here")]
        newer.close()


def test_a_step_that_fails_leaves_the_store_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(tmp_path).close()
    step = ("ALTER TABLE owners ADD COLUMN host TEXT", "this is no SQL")
    monkeypatch.setattr("pixelflow_widgets.serve.store.MIGRATIONS", (*MIGRATIONS, step))
    with pytest.raises(StoreError, match="cannot be used"):
        Store(tmp_path)
    monkeypatch.undo()
    assert "host" not in Store(tmp_path).read("SELECT sql FROM sqlite_master WHERE name = 'owners'")[0][0]


def test_a_store_of_a_newer_version_is_refused_in_words(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.writing() as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    store.close()
    with pytest.raises(StoreError, match="newer version .* Update the package"):
        Store(tmp_path)


def test_a_file_that_is_no_store_is_refused_in_words_and_stays(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").write_bytes(b"something else " * 100)
    with pytest.raises(StoreError, match="cannot be used"):
        Store(tmp_path)
    assert (tmp_path / "store.sqlite").read_bytes().startswith(b"something else")


def test_where_nothing_is_kept_on_disk_a_store_goes_with_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELFLOW_DATA", "none")
    first, second = Store(), Store()
    assert first.folder == second.folder
    code = "from pixelflow_widgets.serve.store import Store; print(Store().folder)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert not Path(told.stdout.strip()).exists()


def test_a_store_lies_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path))
    assert serve_folder() == tmp_path / "serve"
    store = Store()
    assert store.path == tmp_path / "serve" / "store.sqlite" and store.path.exists()
    assert store.folder.stat().st_mode & 0o077 == 0
