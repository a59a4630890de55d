"""The why-page where the service wants a key, refuses, is slow or is away: said in words, and nothing stale stays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx2
import pytest

from kgrec.recommendation import Recommender
from kgrec.service.access import Scope
from kgrec.service.api_keys import KeyRing
from kgrec.service.app import service
from tests.support.browser import listening, opened_page
from tests.support.bundles import film_bundle

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

READS = (Scope.READ,)
EXPLAINS = (Scope.READ, Scope.EXPLAIN_ANYBODY)


@pytest.fixture(scope="module")
def guarded(films: Recommender) -> Iterator[tuple[str, dict[str, str]]]:
    """A service with keys, and the keys by what they are for."""
    ring, keys = KeyRing.empty(), {}
    for name, scopes, rate, user in (
        ("all", EXPLAINS, 1e6, None),
        ("lists", READS, 1e6, None),
        ("own", READS, 1e6, "ann"),
        ("slow", EXPLAINS, 0.5, None),
        ("reports", (Scope.WRITE,), 1e6, None),
    ):
        ring, keys[name] = ring.with_new(name, scopes, rate, user)
    with listening(service(films, ring=ring)) as url:
        yield url, keys


def use(page: Page, key: str) -> None:
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Use the key").click()


def test_a_key_is_asked_for_and_kept_in_this_tab(browser: Browser, guarded: tuple[str, dict[str, str]]) -> None:
    url, keys = guarded
    with opened_page(browser, url, complains=True) as page:
        page.goto(f"{url}/#user=ann&item=empire")
        page.get_by_role("dialog", name="This service asks for a key").wait_for()
        assert page.locator("#key-refused").is_hidden()
        use(page, "kgrec_wrong")
        page.get_by_text("does not know the key").wait_for()
        use(page, keys["all"])
        page.wait_for_selector("ol.places .detail")
        assert page.locator("dialog[open]").count() == 0
        assert page.evaluate("[Object.values(sessionStorage), Object.values(localStorage), document.cookie]") == [
            [keys["all"]],
            [],
            "",
        ]
        assert keys["all"] not in page.url
        page.route("**/v1/{recommend,explain}", lambda _: None)  # no answer comes: what stands there goes before
        page.get_by_role("button", name="API key").click()
        page.get_by_role("button", name="Forget the key").click()
        page.get_by_role("dialog").wait_for()
        assert page.locator("ol.places").count() == 0, "an answer to a key that is gone"
        assert page.evaluate("sessionStorage.length") == 0


def test_whoever_looks_somebody_up_is_asked_for_a_key_and_may_put_it_off(
    browser: Browser, guarded: tuple[str, dict[str, str]]
) -> None:
    url, keys = guarded
    with opened_page(browser, url, complains=True) as page:
        page.goto(url)
        find, dialog = page.get_by_role("combobox"), page.get_by_role("dialog")
        for text in ("b", "an"):
            find.fill(text)
            dialog.wait_for()
            page.keyboard.press("Escape")
            dialog.wait_for(state="hidden")
            assert page.evaluate("sessionStorage.length") == 0
        page.get_by_role("button", name="API key").click()
        use(page, keys["all"])
        page.get_by_role("option", name="ann").click()
        page.wait_for_selector(".sentence")


@pytest.mark.parametrize("address", ["/#user=ann", "/operators"])
def test_escape_closes_a_dialog_that_nobody_opened(
    browser: Browser, guarded: tuple[str, dict[str, str]], address: str
) -> None:
    url, _ = guarded
    with opened_page(browser, url, complains=True) as page:
        page.clock.install()
        page.goto(f"{url}{address}")
        dialog = page.get_by_role("dialog")
        dialog.wait_for()
        page.keyboard.press("Escape")
        dialog.wait_for(state="hidden")
        page.clock.run_for(11_000)
        page.wait_for_timeout(200)
        assert dialog.is_hidden(), "it comes back by itself"


def test_a_refusal_that_comes_after_the_dialog_was_closed_does_not_open_it_again(
    browser: Browser, guarded: tuple[str, dict[str, str]]
) -> None:
    url, _ = guarded
    held: list[Route] = []
    with opened_page(browser, url, complains=True) as page:
        page.route("**/v1/recommend", lambda route: held.append(route))
        page.goto(f"{url}/#user=ann")
        dialog = page.get_by_role("dialog")
        dialog.wait_for()
        page.keyboard.press("Escape")
        dialog.wait_for(state="hidden")
        while not held:
            page.wait_for_timeout(10)
        with page.expect_response("**/v1/recommend"):
            held[0].continue_()
        page.get_by_role("alert").wait_for()
        assert dialog.is_hidden()
        page.unroute("**/v1/recommend")
        page.get_by_role("button", name="Try again").click()
        dialog.wait_for()


def test_a_key_that_does_not_suffice_is_said_once(browser: Browser, guarded: tuple[str, dict[str, str]]) -> None:
    url, keys = guarded
    with opened_page(browser, url, complains=True) as page:
        page.goto(f"{url}/operators")
        use(page, keys["reports"])
        refused = page.locator("#key-refused", has_text="The key does not allow this.")
        refused.wait_for()
        said = page.locator("#problem").inner_text()
        assert said.count("does not allow this") == 1
        assert "Expected: one with the scope read." in said
        use(page, keys["all"])
        page.wait_for_selector("#requests table")
        assert page.locator("#problem").inner_text() == ""


@pytest.mark.slow
def test_a_key_for_lists_shows_lists_without_reasons(browser: Browser, guarded: tuple[str, dict[str, str]]) -> None:
    url, keys = guarded
    with opened_page(browser, url, complains=True) as page:
        page.goto(f"{url}/#user=ann")
        use(page, keys["lists"])
        page.wait_for_selector("ol.places")
        assert page.locator(".sentence").count() == 0
        page.get_by_text("The key does not allow reasons for this user: they would say what the user did.").wait_for()
        page.get_by_text("The key does not allow to see what this user did.").wait_for()
        page.get_by_role("button", name="Empire").click()
        page.get_by_text("The key does not allow reasons for this user.", exact=True).wait_for()
        page.get_by_role("combobox").first.fill("bob")
        page.get_by_role("option", name="Take bob as the id").click()
        page.wait_for_function("location.hash === '#user=bob'")
        page.get_by_role("radio", name="Own history").check()
        page.wait_for_selector(".sentence")


@pytest.mark.slow
def test_a_key_of_one_person_reads_their_own_reasons(browser: Browser, guarded: tuple[str, dict[str, str]]) -> None:
    url, keys = guarded
    with opened_page(browser, url, complains=True) as page:
        page.goto(f"{url}/#user=ann")
        use(page, keys["own"])
        page.wait_for_selector(".sentence")
        page.get_by_role("checkbox", name="Alien counts").uncheck()
        page.wait_for_selector(".move")
        page.goto(f"{url}/#user=bob")
        page.get_by_text("The key does not allow this.", exact=True).wait_for()
        assert page.locator("ol.places").count() == 0


@pytest.mark.slow
def test_too_many_requests_are_told_with_the_time_to_wait(
    browser: Browser, guarded: tuple[str, dict[str, str]]
) -> None:
    url, keys = guarded
    with opened_page(browser, url, complains=True) as page:
        page.goto(f"{url}/#user=ann")
        use(page, keys["slow"])
        page.locator(".notice", has_text=re.compile(r"Too many requests. Try again in \d+ s.")).first.wait_for()


@pytest.mark.slow
def test_an_unknown_user_is_told_and_the_list_before_is_gone(browser: Browser, url: str) -> None:
    with opened_page(browser, url, complains=True, locale="zh-CN") as page:
        page.goto(f"{url}/#user=ann")
        page.wait_for_selector("ol.places")
        page.goto(f"{url}/#user=nobody")
        alert = page.get_by_role("alert")
        alert.get_by_text("没有这样的用户或项目。").wait_for()
        assert page.locator("ol.places").count() == 0
        assert "Star Wars" not in page.locator("main").first.inner_text()
        assert alert.locator("[lang=en]").count() == 1


@pytest.mark.slow
def test_a_service_that_is_away_is_told_and_asked_again(browser: Browser, url: str) -> None:
    with opened_page(browser, url, complains=True) as page:
        page.goto(f"{url}/#user=ann&item=empire")
        page.wait_for_selector("ol.places .detail")
        page.route("**/v1/what-if", lambda route: route.abort())
        page.get_by_role("checkbox", name="Alien counts").first.uncheck()
        page.get_by_text("The service cannot be reached.").wait_for()
        assert page.locator("ol.places").count() == 0
        page.unroute("**/v1/what-if")
        page.get_by_role("button", name="Try again").click()
        page.wait_for_selector(".move")


@pytest.mark.slow
def test_what_is_gone_from_the_model_is_left_behind(browser: Browser, url: str) -> None:
    with opened_page(browser, url, complains=True) as page:
        page.goto(f"{url}/#user=ann&item=gone&without=gone")
        page.get_by_role("alert").get_by_role("button", name="As it was").click()
        page.wait_for_selector("ol.places")
        page.wait_for_function("location.hash === '#user=ann'")


@pytest.mark.slow
def test_a_late_answer_to_an_older_question_is_nobodys(browser: Browser, url: str) -> None:
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if json.loads(route.request.post_data or "")["without"] == ["alien"]:
            held.append(route)
        else:
            route.continue_()

    with opened_page(browser, url) as page:
        page.goto(f"{url}/#user=ann")
        page.wait_for_selector("ol.places")
        page.route("**/v1/what-if", hold_the_first)
        page.get_by_role("checkbox", name="Alien counts").uncheck()
        page.wait_for_selector("#answer[aria-busy]")
        while not held:
            page.wait_for_timeout(10)
        page.get_by_role("checkbox", name="Star Wars counts").uncheck()
        page.wait_for_selector(".move")
        names = page.locator("ol.places .opener").all_inner_texts()
        held[0].continue_()
        page.wait_for_timeout(300)
        body = {"user": "ann", "without": ["alien", "star-wars"]}
        after = httpx2.post(f"{url}/v1/what-if", json=body).json()["after"]
        assert page.locator("ol.places .opener").all_inner_texts() == names == [one["name"] for one in after]


@pytest.mark.slow
def test_several_ticks_together_are_one_question(browser: Browser, url: str) -> None:
    with opened_page(browser, url) as page:
        page.goto(f"{url}/#user=ann")
        page.wait_for_selector("ol.places")
        page.wait_for_selector("#past .ticks input")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/v1/" in request.url else None)
        page.evaluate("document.querySelectorAll('#past input[type=checkbox]').forEach((one) => one.click())")
        page.wait_for_selector(".move")
        assert asked == [f"{url}/v1/what-if"]


def test_names_are_text_and_never_markup(browser: Browser, films: Recommender) -> None:
    hostile = "<img src=x onerror=document.title='taken'>"
    bundle = film_bundle()
    named = replace(bundle, names=tuple(hostile if name == "Alien" else name for name in bundle.names))
    with listening(service(Recommender(named))) as url, opened_page(browser, url) as page:
        page.goto(f"{url}/#user=ann&item=aliens&without=alien")
        page.wait_for_selector(".detail")
        page.locator("#past", has_text=hostile).wait_for()
        assert page.locator("main img").count() == 0
        assert page.title() == "kgrec: why this is recommended"
        assert "no store was opened" in page.locator(".notice").first.inner_text()
