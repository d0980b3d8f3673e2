"""What pages ask about a flow as an endpoint: its signature, versions, the server, keys, webhooks, usage.

Nothing of the room `serve` is imported before a page asks, and the web framework not before a server is started.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import PixelFlowError, PublishRefused, ServeError
from ..flow.document import Document
from ..flow.signature import signature_of
from ..flow.signature.entries import takes
from .bridge import Answer, Buffers, Message
from .runs import problem_for_page

if TYPE_CHECKING:
    from ..flow.signature import Signature
    from ..serve.keys import Keys
    from ..serve.publishing.endpoints import Endpoint, Endpoints
    from ..serve.server import Server
    from ..serve.store import Store
    from ..serve.webhooks.deliveries import Deliveries
    from ..serve.webhooks.webhooks import Webhooks

NOBODY = "this kernel"
"""Who asked for jobs that came with no key."""
_DRAIN_SECONDS = 5.0
_SHOWN_DELIVERIES = 50


class PublishRequests:
    """Does what pages ask about publishing a flow; see `bridge.Handlers`.

    Args:
        flow: Returns the flow.
    """

    def __init__(self, flow: Callable[[], Any]) -> None:
        self._flow = flow
        self.slow = {
            "signature": self._signature,
            "publishing": self._publishing,
            "publish": self._publish,
            "roll_back": self._roll_back,
            "unpublish": self._unpublish,
            "serving": self._serving,
            "serve": self._serve,
            "stop_serving": self._stop_serving,
            "make_key": self._make_key,
            "rotate_key": self._rotate_key,
            "revoke_key": self._revoke_key,
            "webhooks": self._webhooks,
            "add_webhook": self._add_webhook,
            "remove_webhook": self._remove_webhook,
            "replay": self._replay,
            "usage": self._usage,
        }

    # The signature

    def _signature(self, _: str, __: Message, ___: Buffers) -> Answer:
        flow = self._flow()
        signature = signature_of(flow.document, flow.registry)
        told: Message = {"request": signature.request_schema(), "result": signature.result_schema()}
        told["inputs"] = [{**entry.as_json(), "takes": takes(entry)} for entry in signature.inputs]
        return {"signature": {**signature.as_json(), **told}}, []

    # Versions

    def _publishing(self, _: str, message: Message, __: Buffers) -> Answer:
        """Return the versions of an endpoint, and what publishing the flow as it is now would change or be refused."""
        document, endpoints = self._flow().document, self._endpoints()
        name = self._name(message)
        versions = endpoints.versions(name)
        current = next((each for each in versions if each.is_current), None)
        pairs = zip(versions, [*versions[1:], None], strict=False)
        told: Message = {
            "name": name,
            "versions": [_version(version, before) for version, before in pairs],
            "others": [each.name for each in endpoints.all() if each.name != name],
            **self._as_published(document, current),
        }
        if current is not None and current.document["name"] != document["name"]:
            told["of"] = current.document["name"]
        return {"publishing": told}, []

    def _as_published(self, document: Document, current: Endpoint | None) -> Message:
        from ..serve.publishing.freezing import frozen
        from ..serve.publishing.reasons import reasons
        from ..serve.publishing.work import caps_of

        flow = self._flow()
        kept = frozen(document, flow.registry)
        signature = signature_of(kept, flow.registry, "drawn" if current is None else current.seeds)
        found = dict.fromkeys(reasons(document, kept, flow.registry, flow.media, signature))
        return {
            "changes": None if current is None else _changes(current.signature, signature),
            "reasons": [problem_for_page(problem) for problem in found],
            "caps": caps_of(kept, flow.registry, flow.media, None, []),
        }

    def _publish(self, _: str, message: Message, __: Buffers) -> Answer:
        """Publish the flow; a refusal comes as reasons, each with the node that it is about."""
        name, note, caps = _text(message, "name"), _text(message, "note"), message.get("caps") or {}
        if not isinstance(caps, dict):
            raise ServeError("Caps are an object of names and numbers.")
        seeds = "given" if message.get("seeds") == "given" else "drawn"
        known = {each.number for each in self._endpoints().versions(name)}
        try:
            endpoint = self._flow().publish(name, note=note, caps=caps, seeds=seeds)
        except PublishRefused as error:
            return {"reasons": [problem_for_page(problem) for problem in error.problems]}, []
        return {"published": endpoint.id, "did": endpoint.number not in known}, []

    def _roll_back(self, _: str, message: Message, __: Buffers) -> Answer:
        endpoint = self._endpoints().roll_back(*_version_of(message))
        return {"published": endpoint.id}, []

    def _unpublish(self, _: str, message: Message, __: Buffers) -> Answer:
        self._endpoints().unpublish(*_version_of(message))
        return {}, []

    def _name(self, message: Message) -> str:
        """Return the endpoint that is asked about: the one that the flow was last published as, if none is named."""
        from ..serve.publishing.endpoints import name_of

        if name := _text(message, "name"):
            return name
        document = self._flow().document
        own = [each for each in self._endpoints().all() if each.document["name"] == document["name"]]
        return max(own, key=lambda each: each.published_at).name if own else name_of(document)

    def _endpoints(self) -> Endpoints:
        from ..serve.publishing.endpoints import Endpoints

        return Endpoints(_store(), self._flow().registry)

    # The server and its keys

    def _serving(self, _: str, message: Message, __: Buffers) -> Answer:
        server, told = _server(), {"name": self._name(message)}
        if server is not None:
            told |= {"url": server.url, "docs": f"{server.url}/docs", **self._snippets(server, told["name"])}
        return {"serving": {**told, "keys": [_key(each) for each in _keys().all() if each.revoked_at is None]}}, []

    def _snippets(self, server: Server, name: str) -> Message:
        """Return programs that call the version that answers, if there is one."""
        from ..errors import NoEndpoint
        from ..serve.snippets import snippets

        try:
            endpoint = self._endpoints().find(name)
        except NoEndpoint:
            return {}
        signature = endpoint.signature
        made = snippets(server.url, endpoint.name, signature.request_schema(), signature.result_schema())
        told = {"about": f"{server.url}/v1/flows/{endpoint.name}", "play": f"{server.url}/play/{endpoint.name}"}
        return {"snippets": made, **told}

    def _serve(self, _: str, __: Message, ___: Buffers) -> Answer:
        from ..serve.served import shared_server

        server = shared_server()  # says what to install where a server cannot be had
        from ..serve.server import first_key

        key = first_key(server.serving, "notebook")
        return {"key": key} if key else {}, []

    def _stop_serving(self, _: str, __: Message, ___: Buffers) -> Answer:
        if (server := _server()) is not None:
            server.stop(_DRAIN_SECONDS)
        return {}, []

    def _make_key(self, _: str, message: Message, __: Buffers) -> Answer:
        title = _text(message, "title").strip()
        if not title:
            raise ServeError("A key wants a title: whom it is for.")
        return {"key": _keys().make(title[:80], [_text(message, "scope") or "*"]).text}, []

    def _rotate_key(self, _: str, message: Message, __: Buffers) -> Answer:
        return {"key": _keys().rotate(_text(message, "id")).text}, []

    def _revoke_key(self, _: str, message: Message, __: Buffers) -> Answer:
        _keys().revoke(_text(message, "id"))
        return {}, []

    # Webhooks and usage

    def _webhooks(self, _: str, __: Message, ___: Buffers) -> Answer:
        from ..serve.webhooks.webhooks import EVENTS

        titles = _titles()
        hooks = [{**each.as_json(), "key": titles.get(each.key, each.key)} for each in _hooks().of_key()]
        told = [each.as_json() for each in _deliveries().of_key(limit=_SHOWN_DELIVERIES)]
        keys = [_key(each) for each in _keys().all() if each.revoked_at is None]
        return {"webhooks": {"hooks": hooks, "deliveries": told, "keys": keys, "events": list(EVENTS)}}, []

    def _add_webhook(self, _: str, message: Message, __: Buffers) -> Answer:
        events = message.get("events")
        key = _keys().find(_text(message, "key"))
        made = _hooks().add(key.id, _text(message, "url").strip(), events if isinstance(events, list) else [])
        return {"secret": made.secret}, []

    def _remove_webhook(self, _: str, message: Message, __: Buffers) -> Answer:
        return {"did": _hooks().remove(_text(message, "id"))}, []

    def _replay(self, _: str, message: Message, __: Buffers) -> Answer:
        """Put a delivery into the outbox again; a server sends it, now or when one is started."""
        if _deliveries().replay(_text(message, "id")) is None:
            raise ServeError("This delivery is not kept any more.")
        return {}, []

    def _usage(self, _: str, message: Message, __: Buffers) -> Answer:
        from ..serve.usage import used

        titles = {"": NOBODY} | _titles()
        rows = used(_store(), name=self._name(message))
        return {"usage": [{**row, "key": titles.get(row["key"], row["key"])} for row in rows]}, []


def _store() -> Store:
    from ..serve.store import shared_store

    return shared_store()


def _server() -> Server | None:
    from ..serve.served import running_server

    return running_server()


def _keys() -> Keys:
    from ..serve.keys import Keys

    return Keys(_store())


def _hooks() -> Webhooks:
    from ..serve.webhooks.webhooks import Webhooks

    return server.serving.webhooks if (server := _server()) else Webhooks(_store())


def _deliveries() -> Deliveries:
    """Return those of the server, which sends at once what is asked for; without one they only wait."""
    from ..serve.extra import needed_by

    with needed_by("A webhook"):
        from ..serve.webhooks.deliveries import Deliveries
    return server.serving.deliveries if (server := _server()) else Deliveries(_store())


def _titles() -> dict[str, str]:
    return {key.id: key.title for key in _keys().all()}


def _key(key: Any) -> Message:
    told = {name: getattr(key, name) for name in ("id", "title", "created_at", "last_used_at")}
    return {**told, "scopes": list(key.scopes)}


def _version(version: Endpoint, before: Endpoint | None) -> Message:
    told = ("number", "note", "published_at", "is_current", "is_published", "seeds", "caps")
    changes = None if before is None else _changes(before.signature, version.signature)
    return {**{name: getattr(version, name) for name in told}, "id": version.id, "changes": changes}


def _changes(before: Signature, after: Signature) -> list[Message]:
    from ..flow.signature.comparing import differences

    return [{"words": words, "breaks": breaks} for words, breaks in differences(before, after)]


def _text(message: Message, name: str) -> str:
    """Return a text of a message; an empty one where it holds none."""
    return value if isinstance(value := message.get(name), str) else ""


def _version_of(message: Message) -> tuple[str, int]:
    number = message.get("number")
    if not isinstance(number, int) or isinstance(number, bool):
        raise PixelFlowError("A version is named by its number.")
    return _text(message, "name"), number
