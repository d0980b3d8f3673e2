"""What a page shows over a time, each state of it: nothing is missed between two looks, however busy the machine is."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator

State = dict[str, str | None]

# Mutations are heard after each rendering and before the next task, so that none is passed over.
_RECORD = """(root, [selector, names]) => {
    const states = [];
    let last = null;
    const look = () => {
        const thing = selector ? root.querySelector(selector) : root;
        const now = thing?.checkVisibility() ? { text: thing.textContent } : null;
        for (const name of now ? names : []) now[name] = thing.getAttribute(name);
        const told = JSON.stringify(now);
        if (now && told !== last) states.push(now);
        last = told;
    };
    look();
    const all = { subtree: true, childList: true, characterData: true, attributes: true };
    new MutationObserver(look).observe(root, all);
    return states;
}"""


class Record:
    """Keeps from now on each state in which one element is seen: its text and some attributes.

    Args:
        root: What the element is in, and stays.
        selector: Of the element, which may come and go; "" is `root` itself.
        names: Of the attributes.
    """

    def __init__(self, root: Locator, selector: str, *names: str) -> None:
        self._states = root.evaluate_handle(_RECORD, [selector, list(names)])

    def states(self) -> list[State]:
        """Return the states so far, in the order in which they came."""
        return self._states.json_value()

    def texts(self, **wanted: str) -> list[str]:
        """Return the texts of the states, of those only whose attributes are as wanted."""
        return [state["text"] or "" for state in self.states() if wanted.items() <= state.items()]

    def values(self, name: str) -> list[str | None]:
        """Return the values of an attribute, without those that only repeat the one before."""
        values: list[Any] = [state[name] for state in self.states()]
        return [value for place, value in enumerate(values) if place == 0 or value != values[place - 1]]

    def shown(self, pattern: str) -> bool:
        """Return whether a text had a pattern in it."""
        return any(re.search(pattern, text) for text in self.texts())
