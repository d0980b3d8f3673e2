"""One live flow a file in this process, and one process a file."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.flow.editing import EditableFlow
from pixelflow_widgets.schema import Registry

from .living import opened, say, say_by_hand, texts
from .sample_types import REGISTRY


def in_another_process(code: str, *given: object) -> subprocess.CompletedProcess[str]:
    script = f"import sys\nimport pixelflow_widgets as pf\n{code}"
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, given)], capture_output=True, text=True, timeout=60, check=False
    )


def test_a_file_that_is_opened_again_is_the_same_live_flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = opened(tmp_path / "a.flow.json")
    say(flow, "one")
    monkeypatch.chdir(tmp_path)
    assert opened(Path("a.flow.json")) is flow
    assert pf.Flow.open("./a.flow.json", registry=REGISTRY) is flow
    (tmp_path / "link.flow.json").symlink_to(tmp_path / "a.flow.json")
    assert opened(tmp_path / "link.flow.json") is flow
    assert flow.can_undo, "opening it again does not reset it"
    assert not flow.autosave
    assert opened(tmp_path / "a.flow.json", autosave=True) is flow and flow.autosave


def test_saving_through_a_link_leaves_the_link(tmp_path: Path) -> None:
    link = tmp_path / "link.flow.json"
    link.symlink_to(tmp_path / "a.flow.json")
    flow = opened(link)
    say(flow, "one")
    flow.save()
    assert link.is_symlink() and texts(pf.Flow.load(tmp_path / "a.flow.json", registry=REGISTRY)) == ["one"]


def test_a_flow_is_opened_again_as_what_it_is(tmp_path: Path) -> None:
    flow = EditableFlow.open(tmp_path / "a.flow.json", registry=REGISTRY)
    assert EditableFlow.open(tmp_path / "a.flow.json", registry=REGISTRY) is flow
    with pytest.raises(pf.FlowFileError, match="is open as another EditableFlow. Use that one, or close it"):
        opened(tmp_path / "a.flow.json")
    with pytest.raises(pf.FlowFileError, match="is open as another"):
        EditableFlow.open(tmp_path / "a.flow.json", registry=Registry())


def test_what_is_no_flow_file_is_not_opened(tmp_path: Path) -> None:
    for name in ("poster.png", "poster"):
        with pytest.raises(pf.FlowFileError, match=r"not the name of a flow file. Write 'poster.flow.json'"):
            opened(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_threads_that_open_one_file_at_once_get_one_flow(tmp_path: Path) -> None:
    found: list[pf.Flow] = []
    threads = [threading.Thread(target=lambda: found.append(opened(tmp_path / "a.flow.json"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 8 and len(set(map(id, found))) == 1


def test_another_process_is_told_who_has_the_file_and_takes_it_when_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.flow.json"
    flow = opened(path)
    say(flow, "one")
    open_it = "flow = pf.Flow.open(sys.argv[1])\nprint(len(flow.document['nodes']))"
    refused = in_another_process(open_it, path)
    assert "FlowFileError" in refused.stderr and "is open in another kernel" in refused.stderr
    assert "Shut that kernel down, or open a copy" in refused.stderr
    flow.close()
    assert in_another_process(open_it, path).stdout.strip() == "1"


def test_a_flow_that_nobody_holds_lets_its_file_go_and_its_edits_wait_in_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "a.flow.json"
    flow = opened(path)
    say(flow, "one")
    gone = weakref.ref(flow)
    del flow
    assert gone() is None, "a live flow holds itself alive"
    done = in_another_process("print(list(pf.Flow.open(sys.argv[1]).document['nodes']))", path)
    assert done.stdout.strip() == "['one']", done.stderr


def test_a_closed_flow_has_saved_and_is_one_of_memory_only(tmp_path: Path) -> None:
    path = tmp_path / "a.flow.json"
    flow = opened(path, autosave=True)
    say(flow, "one")
    flow.close()
    flow.close()
    assert flow.is_saved and not flow.autosave
    assert texts(pf.Flow.load(path, registry=REGISTRY)) == ["one"]
    again = opened(path)
    assert again is not flow and again.epoch != flow.epoch
    say(flow, "two")
    assert texts(again) == ["one"]
    assert texts(flow) == ["one", "two"]


def test_at_the_end_of_the_process_every_flow_is_saved(tmp_path: Path) -> None:
    code = """
flows = [pf.Flow.open(path) for path in sys.argv[1:]]
for flow in flows:
    flow.add("prompt", text="kept")
"""
    paths = [tmp_path / "a.flow.json", tmp_path / "b.flow.json"]
    assert in_another_process(code, *paths).returncode == 0
    assert [texts(pf.Flow.load(path)) for path in paths] == [["kept"], ["kept"]]


def test_a_folder_that_cannot_be_written_leaves_the_flow_in_memory_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pf.Flow("a").save(tmp_path / "a.flow.json")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    flow = opened(path, autosave=True)
    assert "Edits of a.flow.json are in memory only" in flow.save_error and "Permission denied" in flow.save_error
    say(flow, "one")
    assert texts(flow) == ["one"] and not flow.is_saved
    with pytest.raises(OSError, match="Permission denied"):
        flow.save()
    monkeypatch.undo()
    flow.save()
    assert flow.is_saved and flow.save_error == ""
    say(flow, "two")
    assert b'"two"' in (tmp_path / ".a.journal").read_bytes(), "the journal goes on as soon as it can"


def test_a_file_that_cannot_be_made_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("in the way")
    with pytest.raises(pf.FlowFileError, match="cannot be made"):
        opened(tmp_path / "folder" / "a.flow.json")


def test_a_file_that_is_no_flow_is_let_go_again_and_names_its_versions(tmp_path: Path) -> None:
    path = tmp_path / "a.flow.json"
    opened(path).close()
    path.write_text("<<<<<<< HEAD")
    for _ in range(2):
        with pytest.raises(pf.FlowFileError, match=r"Earlier versions lie in .*\.a\.versions"):
            opened(path)


def test_a_forked_child_does_not_let_the_file_of_its_parent_go(tmp_path: Path) -> None:
    code = """
import os
flow = pf.Flow.open(sys.argv[1])
child = os.fork()
if child == 0:
    del flow
    os._exit(0)
os.waitpid(child, 0)
import subprocess
again = "import sys, pixelflow_widgets as pf; pf.Flow.open(sys.argv[1])"
print(subprocess.run([sys.executable, "-c", again, sys.argv[1]], capture_output=True).returncode)
"""
    if not hasattr(os, "fork"):
        pytest.skip("no fork here")
    done = in_another_process(code, tmp_path / "a.flow.json")
    assert done.stdout.strip() == "1", done.stderr


def test_a_zip_is_opened_saved_and_opened_again(tmp_path: Path) -> None:
    import PIL.Image

    path = tmp_path / "a.flow.zip"
    flow = opened(path)
    flow.add("tests.soften", image=PIL.Image.new("RGB", (2, 2), "red"))
    flow.save()
    say_by_hand(flow, "one")
    flow.save()
    assert flow.conflict is None
    flow.close()
    again = opened(path)
    assert again.document == flow.document and again.problems() == []
