"""The why-page without a browser: its headers, its files, its texts in both languages, and what needs no key."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from kgrec.recommendation import Recommender
from kgrec.service.access import Scope
from kgrec.service.api_keys import KeyRing
from kgrec.service.app import service
from kgrec.service.page.why_page import ASSETS, LANGUAGES, assets, assets_version, preferred, words_of
from tests.support import ROOT

SCRIPTS = {name: content.decode() for name, content in assets().items() if name.endswith(".js")}


def linked(page: str) -> list[str]:
    return re.findall(r'(?:src|href)="(/page/[^"]*)"', page)


def test_the_page_is_not_kept_and_runs_nothing_of_its_own(client: TestClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers.get_list("cache-control") == ["no-cache"]
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert re.findall(r"<script(?![^>]* src=)", answer.text) == []
    assert re.findall(r"\s(?:on\w+|style)=", answer.text) == []
    assert "<style" not in answer.text
    assert re.findall(r'(?:src|href)="(?!/|#)', answer.text) == [], "from elsewhere"
    assert "{{" not in answer.text


def test_its_files_are_kept_for_ever(client: TestClient) -> None:
    found = {address: client.get(address) for address in linked(client.get("/").text)}
    assert {one.status_code for one in found.values()} == {200}
    assert {one.headers["cache-control"] for one in found.values()} == {"public, max-age=31536000, immutable"}
    assert {address.rpartition(".")[2]: one.headers["content-type"] for address, one in found.items()} == {
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
    }
    here = f"{ASSETS}{assets_version()}"
    assert client.get(f"{here}/words_zh.json").headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", ["{v}/page.html", "{v}/nothing.js", "{v}/..%2fwhy_page.py", "0000/app.js", "app.js"])
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    answer = client.get(ASSETS + path.format(v=assets_version()))
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


def test_answers_are_kept_nowhere(client: TestClient) -> None:
    for address in ("/v1/recommend?user=ann", "/v1/model", "/v1/nowhere", "/health/live"):
        assert client.get(address).headers.get_list("cache-control") == ["no-store"]


def test_the_page_needs_no_key_and_its_answers_do(recommender: Recommender) -> None:
    ring, _ = KeyRing.empty().with_new("front", [Scope.READ], 100.0, None)
    client = TestClient(service(recommender, ring=ring))
    page = client.get("/")
    assert [page.status_code, *(client.get(address).status_code for address in linked(page.text))] == [200] * 9
    assert client.get("/v1/model").status_code == 401
    assert client.get("/pages").status_code == 401


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "fr, en;q=0.3, zh;q=0.5", "zh"),
        ("", "en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("", "zh;q=0", "en"),
        ("", "de,*;q=0.1", "en"),
        ("", "zh;q=much, en;q=0.1", "en"),
        ("zh", "en", "zh"),
        ("en", "zh", "en"),
        ("tlh", "zh", "zh"),
    ],
)
def test_the_language_is_what_is_asked_for_or_accepted(
    client: TestClient, asked: str, accepted: str, language: str
) -> None:
    assert preferred(asked, accepted) == language
    answer = client.get("/", params={"lang": asked} if asked else {}, headers={"Accept-Language": accepted})
    assert f'<html lang="{language}"' in answer.text
    assert words_of(language)["empty.lead"] in answer.text
    assert answer.headers["vary"] == "accept-language"


def test_every_text_is_there_in_every_language() -> None:
    texts = {language: words_of(language) for language in LANGUAGES}
    assert len({tuple(words) for words in texts.values()}) == 1
    for key, english in texts["en"].items():
        places = [sorted(re.findall(r"{\w+}", words[key])) for words in texts.values()]
        assert places[0] == places[1], key
        assert english.strip(), key
        assert texts["zh"][key].strip(), key
    same = {key for key, english in texts["en"].items() if english == texts["zh"][key]}
    assert same <= {key for key in texts["en"] if re.fullmatch(r"[\W\d]*", texts["en"][key])}, "not translated"


def test_every_text_is_used_and_every_used_text_is_there() -> None:
    page = "".join(content.decode() for name, content in assets().items() if name.endswith(".html"))
    used = set(re.findall(r"{{([^@+}]+)}}", page))
    families = set()
    for script in SCRIPTS.values():
        used |= set(re.findall(r'\bt\(\s*"([^"]+)"', script))
        used |= {key for pair in re.findall(r'\bt\(\s*\w+ \? "([^"]+)" : "([^"]+)"', script) for key in pair}
        used |= {key for pair in re.findall(r'\? t\("([^"]+)"\) : t\("([^"]+)"\)', script) for key in pair}
        families |= set(re.findall(r"`([a-z_.]+\.)\${", script))
    words = set(words_of("en"))
    assert used - words == set()
    assert {key for key in words - used if not key.startswith(tuple(families))} == set()


def test_no_file_is_long_and_no_script_writes_markup() -> None:
    lengths = {name: content.count(b"\n") for name, content in assets().items()}
    assert {name: n for name, n in lengths.items() if n > 350} == {}
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|setAttribute\(\"style\"|localStorage"
    )
    assert {name for name, script in SCRIPTS.items() if forbidden.search(script)} == set()
    assert {name for name, content in assets().items() if re.search(rb"https?://(?!www\.w3\.org/)", content)} == set()


def test_all_files_are_installed() -> None:
    assert '"kgrec.service.page" = ["assets/*"]' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert not [name for name in assets() if "/" in name]
