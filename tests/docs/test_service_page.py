"""docs/service.md names every resource of the service with every parameter, and nothing else."""

from __future__ import annotations

import json
import re

import numpy as np
from fastapi.testclient import TestClient

from kgrec.recommendation import Recommender
from kgrec.service.app import service
from kgrec.service.guard import Limits
from kgrec.service.problems import described_errors
from kgrec.service.requests import LONGEST_HISTORY, LONGEST_LIST
from tests.support import ROOT
from tests.support.bundles import film_bundle, film_store, random_bundle

PAGE = (ROOT / "docs/service.md").read_text(encoding="utf-8")


def test_resources_and_parameters_are_those_of_the_service() -> None:
    described = service(Recommender(random_bundle(np.random.default_rng(0)))).openapi()
    sections = re.findall(r"^### (.*?)\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    on_page = {
        method: {
            name.strip("`") for row in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for name in row.split(", ")
        }
        for methods, text in sections
        for method in re.findall(r"`(\w+ /.*?)`", methods)
    }
    models = described["components"]["schemas"]
    in_service = {}
    for path, resource in described["paths"].items():
        for method, of in resource.items():
            names = {parameter["name"] for parameter in of.get("parameters", [])}
            if body := of.get("requestBody"):
                schema = json.dumps(body["content"]["application/json"]["schema"])
                (model,) = set(re.findall(r"#/components/schemas/(\w+)", schema))  # one, or a list of such
                names |= models[model]["properties"].keys()
            in_service[f"{method.upper()} {path}"] = names
    assert on_page == in_service


def test_the_fields_of_reasons_are_those_of_answers() -> None:
    (section,) = re.findall(r"^### Reasons\n(.*?)^###", PAGE, re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| (`.*?) \| (\w+) \|", section, re.MULTILINE)
    with film_store() as store:
        client = TestClient(service(Recommender(film_bundle(store.schema, store.graph_id), store)))
        on_page = set[str]()
        for length in ("short", "standard", "full"):
            on_page |= {name.strip("`") for names, since in rows if since == length for name in names.split(", ")}
            answer = client.get(f"/v1/recommend?user=ann&k=1&explain={length}").json()
            assert answer["recommendations"][0]["explanation"].keys() == on_page


def test_the_limits_are_those_of_the_service() -> None:
    assert PAGE.count(f"1 to {LONGEST_LIST}, default 10") == 3
    limits = Limits()
    for said in (
        f"{limits.body_bytes // 2**20} MiB",
        f"{limits.seconds:g} seconds",
        f"{limits.at_once} requests",
        f"{LONGEST_HISTORY:,} items",
    ):
        assert said in PAGE


def test_every_status_is_explained() -> None:
    rows = {int(status) for status in re.findall(r"^\| (\d{3}) \|", PAGE, re.MULTILINE)}
    assert rows == described_errors().keys()
