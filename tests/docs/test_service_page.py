"""docs/service.md names every resource of the service with every parameter, and nothing else."""

from __future__ import annotations

import re

import numpy as np

from kgrec.recommendation import Recommender
from kgrec.service.app import service
from kgrec.service.requests import LONGEST_LIST
from tests.support import ROOT
from tests.support.bundles import random_bundle

PAGE = (ROOT / "docs/service.md").read_text(encoding="utf-8")


def test_resources_and_parameters_are_those_of_the_service() -> None:
    paths = service(Recommender(random_bundle(np.random.default_rng(0)))).openapi()["paths"]
    sections = re.findall(r"^### (/\w+)\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    rows = {name: re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for name, text in sections}
    described = {name: {parameter for row in of for parameter in row.split(", ")} for name, of in rows.items()}
    assert described == {
        path: {f"`{parameter['name']}`" for parameter in resource["get"].get("parameters", [])}
        for path, resource in paths.items()
    }


def test_the_longest_list_is_named() -> None:
    assert PAGE.count(f"1 to {LONGEST_LIST}, default 10") == 2
