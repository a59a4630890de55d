"""The operators' page in a real browser: the way back to the model before, asked about and taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from kgrec.bundle.bundle_versions import BundleVersions
from kgrec.live.streams import open_streams
from kgrec.recommendation import Recommender
from kgrec.service.app import service
from kgrec.service.living import living
from tests.support.browser import listening, opened_page
from tests.support.bundles import film_bundle
from tests.support.streams import eventually

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def versions(tmp_path: Path) -> BundleVersions:
    """Of two trainings, the second live."""
    versions = BundleVersions(tmp_path / "films.bundle")
    bundle = film_bundle()
    for number in (1, 2):
        manifest = replace(bundle.manifest, created=f"2026-11-0{number}T10:00:00+00:00")
        names = tuple(f"{name} {number}" for name in bundle.names)
        replace(bundle, names=names, manifest=manifest).save(versions.path)
        versions.use(versions.take_in())
    return versions


@pytest.fixture
def address(versions: BundleVersions) -> Iterator[str]:
    recommender = Recommender.open(versions.path, loaded=versions.to_open())
    app = service(recommender)
    with living(app, versions.path), listening(app) as address:
        yield address


def best(address: str) -> dict[str, Any]:
    answer = httpx2.get(f"{address}/v1/recommend?user=ann&k=1")
    return {"model": answer.headers["X-Kgrec-Model"], "name": answer.json()["recommendations"][0]["name"]}


def version_shown(page: Page, address: str) -> str:
    page.goto(f"{address}/operators")
    return page.locator("#model code").inner_text()


@pytest.mark.slow
def test_an_operator_goes_back(browser: Browser, versions: BundleVersions, address: str) -> None:
    live, before = versions.live, versions.before
    with opened_page(browser, address) as page:
        httpx2.get(f"{address}/v1/users/ann"), httpx2.get(f"{address}/nowhere")
        assert version_shown(page, address) == best(address)["model"] == live
        rows = [name.inner_text() for name in page.locator("#requests td:first-child").all()]
        assert {"files of the pages", "refused before, or no such address", "/v1/users/{user}"} <= set(rows)
        assert not [name for name in rows if ":path" in name or "{name}" in name or name == "none"]
        back = page.get_by_role("button", name="Go back to the model before")
        back.click()
        dialog = page.get_by_role("dialog")
        assert f"Version {before} answers from now on, in the place of {live}." in dialog.inner_text()
        dialog.get_by_role("button", name="Cancel").click()
        assert (best(address)["model"], best(address)["name"]) == (live, "Empire 2")
        back.click()
        dialog.get_by_role("button", name="Go back to the model before").click()
        page.locator("#model code", has_text=str(before)).wait_for()
        assert best(address) == {"model": before, "name": "Empire 1"}
        assert page.locator("#model button").count() == 0  # none is before the first
        assert version_shown(page, address) == BundleVersions(versions.path).live == before


@pytest.mark.slow
def test_a_way_back_that_leads_nowhere_is_said(browser: Browser, versions: BundleVersions, address: str) -> None:
    live, before = versions.live, versions.before
    with opened_page(browser, address, complains=True) as page:
        assert version_shown(page, address) == live
        (versions.folder / str(before) / "ids.json").write_text("{}")
        page.get_by_role("button", name="Go back to the model before").click()
        page.get_by_role("dialog").get_by_role("button", name="Go back to the model before").click()
        page.wait_for_selector("#problem .bad")
        said = page.locator("#problem").inner_text()
        assert said.startswith("The model cannot be used: it is damaged, or the store")
        assert "The bundle is damaged." in said
        assert best(address)["model"] == live


@pytest.mark.slow
def test_streams_are_shown_with_what_stops_them(browser: Browser, versions: BundleVersions, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a.jsonl").write_text('{"id": 1, "user": "ann", "item": "alien"}\n{half\n')
    streams = open_streams([f"jsonl:{tmp_path / name}" for name in ("there", "away")], "events.db")
    app = service(Recommender.open(versions.path, loaded=versions.to_open()))
    with living(app, versions.path, tmp_path / "events.db", streams), listening(app) as address:
        eventually(lambda: httpx2.get(f"{address}/v1/events").json()["streams"][0]["messages"] == 2)
        with opened_page(browser, address) as page:
            page.goto(f"{address}/operators")
            page.locator("#events p", has_text="there: 2 messages").wait_for()
            assert "1 of them no events" in page.locator("#events").inner_text()
            alarm = page.locator("#alarms").inner_text()
            assert f"The stream jsonl:{tmp_path / 'away'} cannot be followed: the folder of events" in alarm
