"""Requests made from the description: no fault, no answer that it does not name, nothing taken that it forbids.

That what it allows is taken is not asked: that a text is a picture in base64 can be said in no schema.

`make test` sends about three hundred; `make soak` ten thousand.
"""

from __future__ import annotations

import math
import unittest
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from pixelflow_widgets.serve.server import Server
from pixelflow_widgets.serve.store import Store

from ...flow.strategies import SOAK
from ..flows import poster_flow, turn_flow
from ..served import publish

CASES = 10_000 if SOAK > 1 else 300
SPARE = 1.1
"""To some addresses nothing wrong can be sent, and to some only a few things."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    store = Store(tmp_path_factory.mktemp("store"))
    for flow in (poster_flow(), turn_flow()):
        publish(store, flow, flow.name)
    with Server(store, port=0, backend="inline", per_minute=10_000_000) as server:
        yield server


@pytest.fixture(scope="module")
def headers(server: Server) -> dict[str, str]:
    return {"x-api-key": server.serving.keys.make("tests").text}


@pytest.mark.soak
def test_every_answer_is_described(server: Server, headers: dict[str, str]) -> None:
    told = httpx.get(f"{server.url}/openapi.json", headers=headers).json()
    config = SchemathesisConfig.from_dict({"base-url": server.url})
    described: Any = schemathesis.openapi.from_dict(told, config=config)
    operations = [found.ok() for found in described.get_all_operations()]
    sent, found = 0, []
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            every = settings(
                max_examples=math.ceil(CASES * SPARE / len(operations) / 2),
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
                derandomize=SOAK == 1,
                database=None,
            )

            @every
            @given(case=operation.as_strategy(generation_mode=mode))
            def send(case: Any) -> None:
                nonlocal sent
                sent += 1
                case.call_and_validate(headers=headers, timeout=30, excluded_checks=[positive_data_acceptance])

            try:
                send()
            except (Unsatisfiable, unittest.SkipTest):
                continue  # nothing wrong can be sent to an address without parameters
            except FailureGroup as failed:
                found += [f"{operation.label}: {failure}" for failure in failed.exceptions]
    print(f"{sent} requests to {len(operations)} addresses.")
    assert found == []
    assert sent >= CASES
