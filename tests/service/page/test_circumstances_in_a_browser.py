"""Circumstances are chosen on the why-page where the model makes use of any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2

from kgrec.recommendation import Recommender
from kgrec.service.app import service
from tests.service.page.test_in_a_browser import find_ann, shown, told
from tests.support.browser import listening, opened_page
from tests.support.bundles import in_weather

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_circumstances_are_chosen_and_stay_in_the_address(browser: Browser, films: Recommender) -> None:
    with (
        listening(service(Recommender(in_weather(films.bundle), films.store))) as url,
        opened_page(browser, url) as page,
    ):
        find_ann(page, url)
        plain = shown(page)
        for weather, film in (("rain", "Aliens"), ("sun", "Blade")):
            page.get_by_label("weather").select_option(weather)
            asked = f"{url}/v1/recommend?user=ann&explain=short&context=weather%3D{weather}"
            told_now = told(httpx2.get(asked).json()["recommendations"])
            page.wait_for_function(
                "count => document.querySelectorAll('ol.places > li').length === count", arg=len(told_now)
            )
            assert shown(page) == told_now != plain
            page.locator(".opener", has_text=film).click()
            page.wait_for_selector(".place.open")
            assert "In this context" in page.locator(".place.open").inner_text()
        page.reload()
        assert page.get_by_label("weather").input_value() == "sun"
        assert shown(page) == told_now
        page.get_by_label("weather").select_option("")
        assert shown(page) == plain


def test_without_circumstances_there_is_nothing_to_choose(browser: Browser, url: str) -> None:
    with opened_page(browser, url) as page:
        find_ann(page, url)
        shown(page)
        assert page.locator("#circumstances").is_hidden()
