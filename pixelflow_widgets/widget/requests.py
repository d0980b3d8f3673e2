"""What pages may ask for, and what is done then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeGuard

from ..errors import MediaError, OperationRejected, PixelFlowError, RunError
from ..flow.document import is_name
from ..flow.media_files import KEY, references
from ..media import MEDIA, open_picture
from ..media.recordings import open_film, open_sound
from ..schema import PortType
from .binding_requests import BindingRequests
from .bridge import Answer, Buffers, Message
from .dropped import Dropped
from .export_requests import ExportRequests
from .gettings import shared_gettings
from .model_requests import ModelRequests
from .panels import panels
from .prompt_requests import PromptRequests
from .publish_requests import PublishRequests
from .results import told
from .runs import Runs
from .timeline import timeline
from .usage_requests import UsageRequests

_OPENERS: dict[str, Callable[[bytes], Any]] = {
    "image": open_picture,
    "mask": open_picture,
    "audio": open_sound,
    "video": open_film,
}
_ENDINGS = (".json", ".zip")


class Requests:
    """Does what pages ask for; see `bridge.Handlers`.

    Args:
        flow: Returns the flow.
        runs: Starts, stops and follows its runs.
        came: Is told the name of each page that says hello.
        picture: Draws the picture that a saved notebook keeps, and says for which widget.
    """

    def __init__(
        self,
        flow: Callable[[], Any],
        runs: Runs,
        came: Callable[[str], None],
        picture: Callable[[], Message],
    ) -> None:
        self._flow = flow
        self._runs = runs
        self._came = came
        self._draw_picture = picture
        models, dropped = ModelRequests(flow, shared_gettings), Dropped(flow)
        bindings, exports = BindingRequests(flow), ExportRequests(flow)
        self.edits = {"ops": self._ops, "undo": self._undo, "redo": self._redo, "restore": self._restore}
        self.edits |= {"pin": self._pin, "open": dropped.open, **bindings.edits}
        self.quick = {
            "hello": self._hello,
            "run": self._run,
            "stop": self._stop,
            "run_state": self._run_state,
            "answer": self._pick,
            "resolve": self._resolve,
            "compare": self._compare,
            "versions": self._versions,
            **models.quick,
        }
        self.slow = {
            "media": self._media,
            "look": dropped.look,
            "want": self._want,
            "save": self._save,
            "picture": self._picture,
            "why": self._why,
            "timeline": self._timeline,
            **_slow_of(models, bindings, exports, PublishRequests(flow), PromptRequests(flow), UsageRequests(flow)),
        }
        self.notices = {"credit": self._credit, "visible": self._visible}

    # Edits

    def _ops(self, page: str, message: Message, _: Buffers) -> bool:
        flow = self._flow()
        operations, merge = message.get("ops"), message.get("merge")
        if message.get("epoch") != flow.epoch:
            raise OperationRejected("This page shows an earlier life of the flow. Wait a moment, then try again.")
        if not isinstance(operations, list) or not operations:
            raise OperationRejected("An edit holds at least one operation.")
        if merge is not None and not isinstance(merge, str):
            raise OperationRejected("What merges edits is named by a text.")
        flow.apply(operations, source=page, merge=merge)
        return True

    def _undo(self, page: str, _: Message, __: Buffers) -> bool:
        return self._flow().undo(source=page)

    def _redo(self, page: str, _: Message, __: Buffers) -> bool:
        return self._flow().redo(source=page)

    def _restore(self, page: str, message: Message, _: Buffers) -> bool:
        flow, wanted = self._flow(), message.get("id")
        if not any(version.id == wanted for version in flow.versions):
            raise PixelFlowError("This version is not kept any more.")
        before = flow.revision
        flow.restore(wanted, source=page)
        return flow.revision > before

    def _pin(self, page: str, message: Message, _: Buffers) -> bool:
        flow, node, on = self._flow(), message.get("node"), message.get("on")
        if not isinstance(on, bool):
            raise PixelFlowError("A pin is put on or taken off.")
        before = flow.revision
        (flow.pin if on else flow.unpin)(_placed(flow, node), source=page)
        return flow.revision > before

    # Questions that are answered at once

    def _hello(self, page: str, message: Message, _: Buffers) -> Message:
        flow, have = self._flow(), message.get("have")
        answer, changes = snapshot(flow), None
        if isinstance(have, dict) and have.get("epoch") == answer["epoch"] and _is_count(have.get("rev")):
            changes = flow.changes_since(have["rev"])
        if changes is not None:
            del answer["flow"]
            told = [change for change in changes if change.revision <= answer["rev"]]
            answer["changes"] = [{"rev": change.revision, "ops": change.operations} for change in told]
        self._came(page)
        self._runs.came(page)
        return {"type": "welcome", **answer, "undo": flow.can_undo, "redo": flow.can_redo}

    def _run(self, _: str, message: Message, __: Buffers) -> Message:
        run, targets, inputs = message.get("run"), message.get("targets"), message.get("inputs") or {}
        if not isinstance(run, str) or not is_name(run):
            raise RunError("A run wants an id: a letter, then letters and digits, at most 64.")
        if targets is not None and not _are_texts(targets):
            raise RunError("Targets are ids of nodes or names of outputs, or null.")
        if not isinstance(inputs, dict):
            raise RunError("Inputs are an object of names and values.")
        return {"queued": self._runs.start(run, targets, inputs, over_budget=message.get("over_budget") is True)}

    def _stop(self, _: str, message: Message, __: Buffers) -> Message:
        self._runs.stop(message.get("run"), now=message.get("now") is True)
        return {}

    def _run_state(self, _: str, __: Message, ___: Buffers) -> Message:
        self._runs.again()
        return {}

    def _pick(self, _: str, message: Message, __: Buffers) -> Message:
        self._runs.answer(message.get("run"), message.get("node"), message.get("pick"))
        return {}

    def _resolve(self, _: str, message: Message, __: Buffers) -> Message:
        choice = message.get("choice")
        if choice not in ("mine", "other"):
            raise PixelFlowError("The choice is 'mine' or 'other'.")
        if self._flow().conflict is None:
            raise PixelFlowError("There is nothing to decide any more.")
        self._flow().resolve(choice)
        return {}

    def _compare(self, _: str, __: Message, ___: Buffers) -> Message:
        conflict = self._flow().conflict
        if conflict is None:
            raise PixelFlowError("There is nothing to decide any more.")
        return {"mine": conflict.mine, "other": conflict.other}

    def _versions(self, _: str, __: Message, ___: Buffers) -> Message:
        kept = self._flow().versions
        return {"versions": [{"id": version.id, "saved_at": version.saved_at.isoformat()} for version in kept]}

    # Questions that take a while

    def _media(self, _: str, message: Message, buffers: Buffers) -> Answer:
        name, medium = str(message.get("name") or "")[:200], message.get("medium")
        if medium not in _OPENERS or not buffers:
            raise MediaError("A file is dropped as image, mask, audio or video, with its bytes.")
        try:
            value = MEDIA[medium].check(_OPENERS[medium](bytes(buffers[0])))
        except MediaError as error:
            raise MediaError(f"'{name}': {error}" if name else str(error)) from None
        return {"value": self._flow().media.put(PortType(medium), value)}, []

    def _want(self, _: str, message: Message, __: Buffers) -> Answer:
        if "media" in message:
            return self._want_medium(message["media"])
        item = message.get("item", 0)
        item = item if _is_count(item) else -1
        shown = self._runs.results.find(message.get("node"), message.get("port"))
        if (form := message.get("as")) in ("file", "bare file"):
            name, content = shown.file(item, with_record=form == "file")
            return {"file": name}, [content]
        return told(shown.item(item, full=message.get("full") is True))

    def _want_medium(self, reference: Any) -> Answer:
        """Return a medium of the flow; only what is named like one is read from the disk."""
        files = self._flow().media
        if not references({KEY: reference}):
            raise MediaError(f"{str(reference)[:80]!r} is not the name of a medium.")
        name = reference.rpartition(".")[2]
        if name == "png":
            if (content := files.bytes_of(reference)) is None:
                raise MediaError(f"The medium {reference} is missing. Drop it in again.")
            return {"mime": "image/png"}, [content]
        return told(MEDIA[name].preview(files.get(PortType(name), reference)))

    def _save(self, _: str, message: Message, __: Buffers) -> Answer:
        flow, path = self._flow(), message.get("path")
        if path is None:
            return {"file": str(flow.save())}, []
        if not isinstance(path, str) or not path.strip() or "\0" in path:
            raise PixelFlowError("A file wants a name.")
        target = Path(path.strip()).expanduser()
        if target.suffix.lower() not in _ENDINGS:
            target = target.with_name(f"{target.name}.flow.json")
        if target.exists() and (flow.path is None or target.resolve() != flow.path.resolve()):
            raise PixelFlowError(f"There is a file {target} already. Choose another name.")
        return {"file": str(flow.save(target))}, []

    def _picture(self, _: str, __: Message, ___: Buffers) -> Answer:
        return self._draw_picture(), []

    def _why(self, _: str, message: Message, __: Buffers) -> Answer:
        flow = self._flow()
        return {"text": flow.why(_placed(flow, message.get("node")))}, []

    def _timeline(self, _: str, __: Message, ___: Buffers) -> Answer:
        return {"runs": timeline(self._flow())}, []

    # What is not answered

    def _credit(self, _: str, message: Message, __: Buffers) -> None:
        node, frame = message.get("node"), message.get("frame")
        if isinstance(node, str) and _is_count(frame):
            self._runs.credit(node, frame)

    def _visible(self, page: str, message: Message, _: Buffers) -> None:
        if _are_texts(nodes := message.get("nodes")):
            self._runs.shows(page, nodes)


def _slow_of(*rooms: Any) -> dict[str, Callable[[str, Message, Buffers], Answer]]:
    return {"panels": panels} | {kind: answer for room in rooms for kind, answer in room.slow.items()}


def snapshot(flow: Any) -> dict[str, Any]:
    """Return the document with the revision that it has, however many threads are editing."""
    with flow.lock:
        return {"epoch": flow.epoch, "rev": flow.revision, "flow": flow.document}


def _placed(flow: Any, node: Any) -> str:
    """Return the id of a node that there is.

    Raises:
        PixelFlowError: There is no such node.
    """
    if not isinstance(node, str) or node not in flow.document["nodes"]:
        raise PixelFlowError(f"There is no node '{str(node)[:60]}' any more.")
    return node


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_texts(value: Any) -> TypeGuard[list[str]]:
    return isinstance(value, list) and len(value) <= 100_000 and all(isinstance(item, str) for item in value)
