from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.run import disk_cache, eviction, start
from pixelflow_widgets.run.cache import Cache, MemoryCache, Value
from pixelflow_widgets.run.disk_cache import DiskCache
from pixelflow_widgets.schema import port_type_of
from pixelflow_widgets.schema.node_type import Port

from . import sample_nodes as nodes

ROOT = Path(__file__).parents[2]


def ports(kind: Any) -> dict[str, Port]:
    return {"out": Port("out", port_type_of(kind))}


def put(disk: DiskCache, key: str, value: Any, kind: Any = int, took: float = 1.0) -> None:
    disk.put(key, {"out": Value(value, f"{key}.out")}, ports(kind), took)
    assert disk.flush()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def disk(tmp_path: Path) -> DiskCache:
    return DiskCache(tmp_path)


def test_what_was_put_comes_back_in_another_kernel(tmp_path: Path, disk: DiskCache) -> None:
    image = nodes.gradient(16)
    put(disk, "a" * 64, image, pf.Image)
    found = DiskCache(tmp_path).get("a" * 64)
    assert found is not None and isinstance(found["out"], Value)
    assert found["out"].data.tobytes() == image.tobytes()
    assert found["out"].digest == f"{'a' * 64}.out"


def test_lists_nothing_and_tables_come_back(tmp_path: Path, disk: DiskCache) -> None:
    disk.put("b", {"out": [Value(1, "x.0"), Value(2, "x.1")]}, ports(list[int]), 1)
    disk.put("c", {"out": []}, ports(list[int]), 1)
    disk.put("d", {"out": Value(None, "none")}, ports(pf.Image), 1)
    put(disk, "e", pandas.DataFrame({"n": [1, 2]}), pf.Table)
    other = DiskCache(tmp_path)
    assert other.get("b") == {"out": [Value(1, "x.0"), Value(2, "x.1")]}
    assert other.get("c") == {"out": []}
    assert other.get("d") == {"out": Value(None, "none")}
    found = other.get("e")
    assert found is not None and found["out"].data["n"].tolist() == [1, 2]  # type: ignore[union-attr]


def test_what_is_quickly_made_is_not_written(tmp_path: Path, disk: DiskCache) -> None:
    put(disk, "quick", 1, took=0.001)
    put(disk, "large", PIL.Image.new("RGB", (2000, 2000)), pf.Image, took=0.03)
    assert files(tmp_path) == []
    put(disk, "slow", PIL.Image.new("RGB", (2000, 2000)), pf.Image, took=0.3)
    assert disk.has("slow")


def test_a_picture_whose_mode_an_array_does_not_keep_is_not_written(tmp_path: Path, disk: DiskCache) -> None:
    put(disk, "palette", nodes.gradient(4).convert("P"), pf.Image)
    assert files(tmp_path) == []


def test_what_memory_has_no_room_for_is_on_disk_before_put_returns(tmp_path: Path) -> None:
    cache = Cache(MemoryCache(limit=100), DiskCache(tmp_path))
    cache.put("big", {"out": Value(nodes.gradient(64), "x")}, ports(pf.Image), took=0.0)
    assert DiskCache(tmp_path).has("big") and "big" not in cache.memory


def test_the_same_content_is_written_once(tmp_path: Path, disk: DiskCache) -> None:
    for key in ("one", "two"):
        put(disk, key, nodes.gradient(64), pf.Image)
    assert len(files(tmp_path / "results-1" / "objects")) == 1
    assert disk.has("one") and disk.has("two")


@pytest.mark.parametrize("shelf", ["entries", "objects"])
@pytest.mark.parametrize("damage", ["flip", "empty", "half", "text"])
def test_what_is_damaged_is_removed_counted_and_made_again(tmp_path: Path, shelf: str, damage: str) -> None:
    runs = tmp_path / "runs"
    with pf.Flow("damaged") as flow:
        flow.output("number", nodes.counts_slowly(path=str(runs), value=7))

    def run() -> tuple[Any, DiskCache]:
        cache = Cache(disk=DiskCache(tmp_path / "cache"))
        result = start(flow.document, flow.registry, flow.media, cache=cache, backend="inline").result()
        assert cache.disk is not None and cache.disk.flush()
        return result["number"], cache.disk

    run()
    assert run()[0] == 7 and runs.read_text() == "x"
    (victim,) = files(tmp_path / "cache" / "results-1" / shelf)
    content = victim.read_bytes()
    changed = {"flip": bytes([content[-1] ^ 1]), "empty": b"", "half": b"", "text": b"}"}[damage]
    kept = {"flip": content[:-1], "empty": b"", "half": content[: len(content) // 2], "text": content}[damage]
    victim.write_bytes(kept + changed)
    number, disk = run()
    assert (number, disk.damaged, runs.read_text()) == (7, 1, "xx")
    number, disk = run()
    assert (number, disk.damaged, runs.read_text()) == (7, 0, "xx")


def test_an_entry_without_its_object_is_a_miss(tmp_path: Path, disk: DiskCache) -> None:
    put(disk, "a", 5)
    (victim,) = files(tmp_path / "results-1" / "objects")
    victim.unlink()
    assert disk.get("a") is None and disk.damaged == 0 and not disk.has("a")


def test_nothing_that_is_read_is_ever_unpickled(tmp_path: Path, disk: DiskCache) -> None:
    hit = tmp_path / "hit"
    array = np.array([_Bomb(hit)], dtype=object)
    path = tmp_path / "bomb.npy"
    np.save(path, array, allow_pickle=True)
    content = path.read_bytes()
    name = disk_cache.blake3_hex(content)
    disk._write(disk._object(name), content)
    outputs = {"out": {"medium": "image", "many": False, "items": [[name, "x"]]}}
    disk._write(disk._entry("a"), disk_cache.write_entry({"outputs": outputs, "took": 1.0, "bytes": 1}))
    assert disk.get("a") is None and disk.damaged == 1 and not hit.exists()


class _Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_a_full_disk_is_told_once_and_runs_go_on_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    disk = DiskCache(tmp_path / "cache")
    cache = Cache(disk=disk)
    written = os.replace

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(disk_cache.os, "replace", full)
    with pf.Flow("full") as flow:
        flow.output("number", nodes.counts_slowly(path=str(tmp_path / "runs"), value=7))
    with caplog.at_level(logging.WARNING):
        for value in (1, 2, 1):
            flow.set("counts_slowly", value=value)
            result = start(flow.document, flow.registry, flow.media, cache=cache, backend="inline").result()
            assert result["number"] == value
            assert disk.flush()
            disk._paused_until = 0.0
    assert (tmp_path / "runs").read_text() == "xx"
    assert len([record for record in caplog.records if "No space left" in record.getMessage()]) == 1
    assert "Free some space" in caplog.text and disk.trouble
    assert files(tmp_path / "cache") == []
    monkeypatch.setattr(disk_cache.os, "replace", written)
    put(disk, "later", 5)
    assert disk.has("later") and not disk.trouble


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is read-only to an administrator")
def test_a_folder_that_may_not_be_written_to_is_no_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    disk = DiskCache(tmp_path / "cache")
    put(disk, "a", 1)
    assert disk.trouble and disk.get("a") is None


def test_a_place_that_is_no_folder_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    disk = DiskCache(tmp_path / "cache")
    put(disk, "a", 1)
    assert disk.trouble and disk.get("a") is None


def test_the_least_worth_goes_first_and_the_limit_is_kept(tmp_path: Path) -> None:
    disk = DiskCache(tmp_path, limit=10**9)
    now = time.time()
    entries = {"quick_old": (0.1, 9000), "slow_old": (60.0, 9000), "quick_new": (0.1, 0), "slow_new": (60.0, 0)}
    for number, (key, (took, age)) in enumerate(entries.items()):
        put(disk, key, PIL.Image.new("RGB", (100, 100), (number, 0, 0)), pf.Image, took)
        os.utime(disk._entry(key), (now - age, now - age))
    order = sorted(eviction.contents(disk.folder).entries, key=lambda entry: entry.worth(now))
    assert [entry.path.name for entry in order] == ["quick_old", "slow_old", "quick_new", "slow_new"]
    left = eviction.make_room(disk.folder, 70_000)
    assert left <= 70_000 and left == eviction.contents(disk.folder).bytes
    assert [key for key in entries if disk.has(key)] == ["quick_new", "slow_new"]
    assert disk.get("slow_new") is not None


def test_an_object_that_another_entry_needs_stays(tmp_path: Path) -> None:
    disk = DiskCache(tmp_path, limit=10**9)
    shared, alone = nodes.gradient(100), PIL.Image.new("RGB", (200, 200))
    disk.put("old", {"out": [Value(shared, "x.0"), Value(alone, "x.1")]}, ports(list[pf.Image]), took=1.0)
    put(disk, "new", shared, pf.Image, took=9.0)
    os.utime(disk._entry("old"), (0, 0))
    eviction.make_room(disk.folder, 50_000)
    assert disk.get("old") is None and disk.get("new") is not None
    assert len(files(disk.folder / "objects")) == 1


def test_writing_keeps_within_the_limit(tmp_path: Path) -> None:
    disk = DiskCache(tmp_path, limit=200_000)
    for number in range(40):
        put(disk, f"key{number}", PIL.Image.new("RGB", (100, 100), (number, 0, 0)), pf.Image)
    assert 100_000 < eviction.contents(disk.folder).bytes <= 200_000 + 31_000
    assert disk.has("key39") and not disk.has("key0")


def test_use_keeps_a_result_young(tmp_path: Path) -> None:
    disk = DiskCache(tmp_path)
    put(disk, "a", 5)
    os.utime(disk._entry("a"), (0, 0))
    disk.get("a")
    assert time.time() - Path(disk._entry("a")).stat().st_mtime < 60


def test_unfinished_files_of_a_crash_go_when_they_are_old(tmp_path: Path) -> None:
    disk = DiskCache(tmp_path)
    put(disk, "a", 5)
    fresh, old = (Path(disk._object(f"{name}{'0' * 60}")) for name in ("aa", "bb"))
    for path in (fresh, old):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    eviction.make_room(disk.folder, 10**9)
    assert fresh.exists() and not old.exists() and disk.get("a") is not None


def test_the_limit_is_a_share_of_the_disk_until_somebody_sets_it(tmp_path: Path) -> None:
    assert 0 < eviction.limit_of(tmp_path / "not" / "there", 0) <= eviction.DEFAULT_LIMIT
    eviction.set_limit(tmp_path, 5_000_000)
    assert DiskCache(tmp_path).limit == 5_000_000
    eviction.set_limit(tmp_path, None)
    assert DiskCache(tmp_path).limit != 5_000_000


def python(script: str, cache: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PIXELFLOW_CACHE": str(cache), "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    command = [sys.executable, "-c", textwrap.dedent(script), *arguments]
    return subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(process: subprocess.Popen[str]) -> str:
    try:
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 0, err
    return out


def test_where_results_lie_can_be_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIXELFLOW_CACHE", str(tmp_path))
    assert disk_cache.cache_folder() == tmp_path
    monkeypatch.setenv("PIXELFLOW_CACHE", "none")
    assert disk_cache.cache_folder() is None
    monkeypatch.delenv("PIXELFLOW_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = disk_cache.cache_folder()
    assert folder is not None and folder.name == "pixelflow_widgets"


def test_a_restart_of_the_kernel_finds_what_took_long(tmp_path: Path) -> None:
    script = """
        import sys
        import pixelflow_widgets as pf
        from tests.run import sample_nodes as nodes
        with pf.Flow("restart") as flow:
            slow = nodes.counts_slowly(path=sys.argv[1], value=nodes.double(value=4))
            flow.output("number", slow)
        print(flow.run(backend="inline")["number"], flow.why("counts_slowly"))
    """
    for _ in range(2):
        assert ended(python(script, tmp_path / "cache", str(tmp_path / "runs"))) == "8 it is fresh\n"
    assert (tmp_path / "runs").read_text() == "x"


def test_a_notebook_function_that_changed_before_a_restart_is_not_found(tmp_path: Path) -> None:
    script = """
        import sys, time
        import pixelflow_widgets as pf
        space = {"pf": pf, "time": time, "__name__": "__main__"}
        exec("def helper(value):\\n    return value + " + sys.argv[1], space)
        exec("@pf.node\\ndef slow(value: int) -> int:\\n    time.sleep(0.05)\\n    return helper(value)", space)
        with pf.Flow("notebook") as flow:
            flow.output("number", space["slow"](value=1))
        run = flow.start(backend="inline")
        print(run.result()["number"], [event.cached for event in run.events() if event.kind == "node-finished"])
    """
    told = [ended(python(script, tmp_path, plus)) for plus in ("1", "1", "2")]
    assert told == ["2 [False]\n", "2 [True]\n", "3 [False]\n"]


def test_a_notebook_function_that_uses_what_no_digest_sees_is_not_kept_for_the_next_kernel(tmp_path: Path) -> None:
    script = """
        import sys, time
        import pixelflow_widgets as pf
        space = {"pf": pf, "time": time, "__name__": "__main__", "table": [int(sys.argv[1])]}
        exec("def helper(value):\\n    return value + table[0]", space)
        exec("@pf.node\\ndef slow(value: int) -> int:\\n    time.sleep(0.05)\\n    return helper(value)", space)
        with pf.Flow("notebook") as flow:
            flow.output("number", space["slow"](value=1))
        print(flow.run(backend="inline")["number"], flow.run(backend="inline")["number"])
    """
    assert [ended(python(script, tmp_path, plus)) for plus in ("1", "5")] == ["2 2\n", "6 6\n"]


@pytest.mark.soak
def test_two_kernels_on_one_folder_never_read_what_is_wrong(tmp_path: Path) -> None:
    rounds = 500 * int(os.environ.get("PIXELFLOW_SOAK", "1"))
    script = """
        import random, sys
        from pathlib import Path
        import PIL.Image
        from pixelflow_widgets import Image
        from pixelflow_widgets.run import eviction
        from pixelflow_widgets.run.cache import Value
        from pixelflow_widgets.run.disk_cache import DiskCache
        from pixelflow_widgets.schema import port_type_of
        from pixelflow_widgets.schema.node_type import Port
        chance = random.Random(int(sys.argv[1]))
        ports = {"out": Port("out", port_type_of(Image))}
        disk, hits = DiskCache(Path(sys.argv[3]), limit=60_000), 0
        for _ in range(int(sys.argv[2])):
            number = chance.randrange(12)
            key = f"{number:02}" * 32
            found = disk.get(key)
            if found is not None:
                hits += 1
                assert found["out"].data.getpixel((0, 0)) == (number // 2, 0, 0), "another picture came"
            else:
                picture = PIL.Image.new("RGB", (50, 50), (number // 2, 0, 0))
                disk.put(key, {"out": Value(picture, key)}, ports, 1.0)
            if chance.random() < 0.05:
                disk.flush()
            if chance.random() < 0.02:
                eviction.make_room(disk.folder, 20_000)
            if chance.random() < 0.01:
                eviction.clear(disk.folder)
        assert disk.flush() and not disk.trouble, disk.trouble
        print(disk.damaged, hits)
    """
    processes = [python(script, tmp_path, str(seed), str(rounds), str(tmp_path)) for seed in (1, 2)]
    for process in processes:
        damaged, hits = map(int, ended(process).split())
        assert damaged == 0 and hits > rounds / 10


def test_the_command_shows_limits_and_clears(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from pixelflow_widgets.cli import app

    disk = DiskCache(tmp_path)
    for number in range(5):
        put(disk, f"key{number}", PIL.Image.new("RGB", (100, 100), (number, 0, 0)), pf.Image, took=30.0)

    def command(*words: str) -> tuple[int, str]:
        told = CliRunner().invoke(app, ["cache", *words], env={"PIXELFLOW_CACHE": str(tmp_path)})
        return told.exit_code, told.output

    code, shown = command()
    assert code == 0 and "5 results" in shown and str(tmp_path) in shown and "2.5 minutes" in shown
    assert command("limit", "100KB")[1].startswith("Results may take 100.0 kB; they take ")
    assert "3 results" in command()[1] or "2 results" in command()[1]
    assert command("limit", "a lot")[0] == 2
    assert command("limit", "auto")[0] == 0
    assert command("clear")[0] == 0
    assert "0 results, 0 bytes" in command()[1]
    assert disk.get("key4") is None
    told = CliRunner().invoke(app, ["cache"], env={"PIXELFLOW_CACHE": "none"})
    assert told.exit_code == 2 and "not kept on disk" in told.output
