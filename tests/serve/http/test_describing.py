"""The OpenAPI document: valid, and each flow with its own types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import jsonschema
import openapi_spec_validator
import pytest

from ..flows import served


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with served(tmp_path_factory.mktemp("store")) as server:
        key = server.serving.keys.make("tests").text
        with httpx.Client(base_url=server.url, headers={"x-api-key": key}) as client:
            yield {path: client.get(path).json() for path in ("/openapi.json", "/v1/flows/poster/openapi.json")}


def test_both_documents_are_valid(told: Any) -> None:
    for document in told.values():
        openapi_spec_validator.validate(document)


def test_a_flow_has_addresses_and_types_of_its_own(told: Any) -> None:
    whole, one = told.values()
    for document in (whole, one):
        body = document["paths"]["/v1/flows/poster/jobs"]["post"]["requestBody"]
        assert body["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/poster-v1-inputs"}
        inputs = document["components"]["schemas"]["poster-v1-inputs"]
        assert inputs["additionalProperties"] is False
        assert inputs["properties"]["width"]["multipleOf"] == 16
        assert inputs["properties"]["style"]["enum"] == ["plain", "framed"]
        assert inputs["properties"]["prompt"]["description"] == "What to paint."
    assert one["info"]["title"] == "Poster"
    assert not any("turn" in path for path in one["paths"])


def test_examples_are_values_that_fit(told: Any) -> None:
    schemas = told["/openapi.json"]["components"]["schemas"]
    for name in ("poster-v1-inputs", "turn-v1-inputs", "slow-v1-inputs"):
        for example in schemas[name]["examples"]:
            jsonschema.validate(example, schemas[name])


def test_every_answer_of_every_operation_is_described(told: Any) -> None:
    for path, item in told["/openapi.json"]["paths"].items():
        for operation in item.values():
            assert operation["summary"], path
            assert all(answer["description"] for answer in operation["responses"].values()), path
            assert {"401", "429", "503"} <= set(operation["responses"]), path


def test_a_job_of_a_flow_says_what_its_outputs_are(told: Any) -> None:
    whole = told["/openapi.json"]
    answer = whole["paths"]["/v1/flows/poster/jobs"]["post"]["responses"]["202"]
    assert answer["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/poster-v1-job"}
    outputs = whole["components"]["schemas"]["poster-v1-outputs"]
    assert outputs["properties"]["image"]["x-type"] == "image"


def test_the_page_of_the_documentation_needs_no_network(tmp_path: Path) -> None:
    with served(tmp_path) as server, httpx.Client(base_url=server.url) as client:
        page = client.get("/docs")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for file in ("/docs/docs.js", "/docs/docs.css"):
            assert file in page.text
            assert client.get(file).status_code == 200
        assert "//" not in page.text.replace("<!doctype html>", "")
        assert client.get("/docs/server.py").status_code == 404
        assert client.get("/docs/docs.html").status_code == 404
        assert client.get("/openapi.json").status_code == 401
