"""The why-page in a real browser: what it shows is what the API says, to the last place and word."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tests.support.axe import axe_script
from tests.support.browser import opened_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route


def shown(page: Page) -> list[tuple[str, str, str]]:
    """Places as the page shows them: rank, name, sentence."""
    page.wait_for_selector("#answer:not([aria-busy]) .place, #answer:not([aria-busy]) .notice")
    return [
        (
            place.locator(".rank").inner_text(),
            place.locator(".opener").inner_text(),
            place.locator(".sentence").inner_text(),
        )
        for place in page.locator("ol.places > li").all()
    ]


def told(places: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """The same from an answer of the API."""
    return [(str(one["rank"]), one["name"], one["explanation"]["sentence"]) for one in places]


def moves(page: Page) -> dict[str, str]:
    """What the page says of the move of each item of the list, by id."""
    places = page.locator("ol.places > li, .gone li").all()
    return {
        place.get_attribute("data-item") or place.get_attribute("data-gone") or "": place.locator(".move")
        .inner_text()
        .splitlines()[0]
        for place in places
    }


def expected_moves(answer: dict[str, Any]) -> dict[str, str]:
    def move(before: int | None, after: int | None) -> str:
        if before is None:
            return "comes in"
        if after is None:
            return "no longer recommended"
        return "same place" if before == after else f"{'▲' if before > after else '▼'} {before} → {after}"

    listed = {one["item"] for one in (*answer["before"], *answer["after"])}
    return {
        one["item"]: move(one["rank_before"], one["rank_after"]) for one in answer["changes"] if one["item"] in listed
    }


def what_if(url: str, **body: Any) -> dict[str, Any]:
    answer: dict[str, Any] = httpx2.post(f"{url}/v1/what-if", json={"user": "ann", "explain": "short", **body}).json()
    return answer


def find_ann(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("combobox", name="Find a user").fill("an")
    page.get_by_role("option", name="ann").click()
    page.wait_for_selector("ol.places")


def test_a_user_is_found_and_a_past_item_unticked(browser: Browser, url: str) -> None:
    with opened_page(browser, url) as page:
        find_ann(page, url)
        listed = httpx2.get(f"{url}/v1/recommend?user=ann&explain=short").json()["recommendations"]
        assert shown(page) == told(listed)
        asked: list[Any] = []
        page.on("request", lambda request: asked.append(request.post_data_json) if "what-if" in request.url else None)
        page.get_by_role("checkbox", name="Star Wars counts").uncheck()
        page.wait_for_selector(".move")
        answer = what_if(url, without=["star-wars"])
        assert answer["before"] != answer["after"]
        assert shown(page) == told(answer["after"])
        assert moves(page) == expected_moves(answer)
        assert [(one["without"], one["user"]) for one in asked] == [(["star-wars"], "ann")]
        page.get_by_role("button", name="As it was").click()
        page.wait_for_selector(".move", state="detached")
        assert shown(page) == told(listed)


@pytest.mark.slow
def test_reasons_of_an_item_change_with_an_entity(browser: Browser, url: str) -> None:
    with opened_page(browser, url) as page:
        find_ann(page, url)
        page.get_by_role("button", name="Empire").click()
        detail = page.locator(".place.open .detail")
        explained = httpx2.get(f"{url}/v1/explain?user=ann&item=empire&explain=full").json()["explanation"]
        for length in ("Short", "Full", "Standard"):
            detail.get_by_role("radio", name=length).check()
            assert detail.locator(".told").inner_text() == explained["sentences"][length.lower()]
        drawn = detail.locator("svg.paths").text_content() or ""
        assert "directed by" in drawn
        assert [name in drawn for name in ("Star Wars", "George Lucas", "Empire")] == [True] * 3
        entity = detail.locator(".row", has_text="George Lucas")
        (reason,) = [one for one in explained["reasons"] if one["kind"] == "entity"]
        assert reason["label"] in entity.inner_text()
        assert f"{reason['value']:+.2f}" in entity.inner_text()
        with page.expect_response("**/v1/what-if") as response:
            entity.get_by_role("checkbox").focus()
            page.keyboard.press("Space")
        body: Any = response.value.request.post_data_json
        assert (body["without_entities"], body["item"]) == (["Person:lucas"], "empire")
        page.wait_for_selector(".move")
        answer = what_if(url, without_entities=["Person:lucas"], item="empire")
        after = answer["explained"]["after"]
        assert shown(page) == told(answer["after"])
        assert detail.locator(".told").inner_text() == after["sentences"]["standard"]
        assert detail.locator("svg.paths").count() == 0
        assert "George Lucas" not in detail.inner_text()
        focused = page.evaluate("document.activeElement.dataset.focus")
        assert focused == "past Person:lucas", "the tick is gone here, and the keyboard with it"
        score = detail.locator(".row.sum").last.inner_text()
        assert f"{after['score']:.2f}" in score
        page.get_by_role("checkbox", name="Facts with George Lucas count").check()
        page.wait_for_selector("svg.paths")
        assert shown(page) == told(answer["before"])


@pytest.mark.slow
def test_parts_by_past_item_say_what_they_were(browser: Browser, url: str) -> None:
    with opened_page(browser, url) as page:
        page.goto(f"{url}/#user=ann&item=aliens&without=star-wars")
        answer = what_if(url, without=["star-wars"], item="aliens")["explained"]
        row = page.locator(".place.open .row", has_text="Alien").filter(has=page.get_by_role("checkbox")).first
        after, before = ({one["item"]: one["value"] for one in answer[when]["past"]} for when in ("after", "before"))
        assert f"{after['alien']:+.2f}" in row.inner_text()
        assert f"was {before['alien']:+.2f}" in row.inner_text()


@pytest.mark.slow
def test_a_history_of_ones_own(browser: Browser, url: str) -> None:
    with opened_page(browser, url) as page:
        page.goto(url)
        page.get_by_role("radio", name="Own history").check()
        nobody = httpx2.post(f"{url}/v1/recommend", json={"history": [], "explain": "short"}).json()
        assert shown(page) == told(nobody["recommendations"])
        page.get_by_role("combobox").fill("star")
        page.get_by_role("option", name="Star Wars").wait_for()
        whole = """() => {
            const list = document.querySelector('.options:not([hidden])'), box = list.getBoundingClientRect();
            return list.contains(document.elementFromPoint(box.left + 20, box.bottom - 8));
        }"""
        assert page.evaluate(whole), "the matches are cut off"
        page.get_by_role("option", name="Star Wars").click()
        page.get_by_role("button", name="Remove Star Wars").wait_for()
        asked = {"history": ["star-wars"], "explain": "short"}
        one = httpx2.post(f"{url}/v1/recommend", json=asked).json()["recommendations"]
        page.wait_for_function("text => document.querySelector('.sentence').innerText === text", arg=told(one)[0][2])
        assert shown(page) == told(one)
        assert "chosen=star-wars" in page.url
        page.reload()
        page.get_by_role("button", name="Remove Star Wars").click()
        page.get_by_text("Nothing yet").wait_for()
        page.wait_for_function(
            "text => document.querySelector('.sentence').innerText === text", arg=told(nobody["recommendations"])[0][2]
        )
        assert shown(page) == told(nobody["recommendations"])


def test_neo4j_browser_is_named_where_the_graph_is_on_a_neo4j(browser: Browser, url: str) -> None:
    def told(store: str, route: Route) -> None:
        route.fulfill(json={"store": store, "contexts": {}, "platforms": []})

    with opened_page(browser, url) as page:
        shown = page.get_by_text("The same in Neo4j Browser")
        for store, visible in (("kglite", False), ("neo4j+s", True)):
            page.route("**/v1/model", partial(told, store))
            page.goto("about:blank")
            with page.expect_response("**/v1/model"):
                page.goto(f"{url}/#user=ann&item=empire")
            shown.wait_for(state="visible" if visible else "attached")
            assert shown.is_visible() == visible


@pytest.mark.slow
def test_something_is_added(browser: Browser, url: str) -> None:
    with opened_page(browser, url) as page:
        page.goto(f"{url}/#user=ann")
        page.get_by_role("combobox", name="Add something").fill("blade")
        page.get_by_role("option", name="Blade").click()
        page.wait_for_selector(".move")
        answer = what_if(url, add=["blade"])
        assert shown(page) == told(answer["after"])
        assert moves(page) == expected_moves(answer)
        assert moves(page)["blade"] == "no longer recommended"


def test_by_keyboard_alone(browser: Browser, url: str) -> None:
    with opened_page(browser, url) as page:
        page.goto(url)
        page.wait_for_selector("#find input")
        pressed = 0
        while page.evaluate("document.activeElement.getAttribute('role')") != "combobox":
            page.keyboard.press("Tab")
            pressed += 1
            assert pressed < 12
        page.keyboard.type("ann")
        page.wait_for_selector("[role=option]")
        page.keyboard.press("ArrowDown")
        active = page.get_by_role("combobox").first.get_attribute("aria-activedescendant")
        assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
        page.keyboard.press("Enter")
        page.wait_for_selector("ol.places")
        page.wait_for_selector("#past .ticks input")
        seen = []
        for _ in range(30):
            page.keyboard.press("Tab")
            seen.append(
                page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText")
            )
            if seen[-1] == "Alien counts":
                page.keyboard.press("Space")
                page.wait_for_selector(".move")
                assert page.evaluate("document.activeElement.ariaLabel") == "Alien counts", "the focus is lost"
                assert not page.get_by_role("checkbox", name="Alien counts").is_checked()
            if seen[-1] == "Empire":
                break
        assert [name in seen for name in ("Alien counts", "Empire")] == [True, True]
        page.keyboard.press("Enter")
        page.wait_for_selector(".place.open .detail")
        assert page.evaluate("document.activeElement.innerText") == "Empire"
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        page.wait_for_selector(".place.open", state="detached")
        page.go_back()
        page.wait_for_selector(".place.open .detail")


@pytest.mark.parametrize(
    ("locale", "width"),
    [
        ("zh-CN", 320),
        *(pytest.param(*one, marks=pytest.mark.slow) for one in (("en-GB", 320), ("en-GB", 390), ("zh-CN", 390))),
    ],
)
def test_a_phone_shows_it_without_scrolling_sideways(browser: Browser, url: str, locale: str, width: int) -> None:
    phone: dict[str, Any] = {
        "viewport": {"width": width, "height": 780},
        "locale": locale,
        "has_touch": True,
        "is_mobile": True,
    }
    with opened_page(browser, url, **phone) as page:
        for address in ("", "/#user=ann&item=empire&without=alien", "/#view=model"):
            page.goto("about:blank")
            page.goto(url + address)
            page.wait_for_selector(".empty:visible, .detail svg.paths:visible, #rests-on .rows:visible")
            # innerWidth would not do: a phone makes room for what is too wide
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_both_languages(browser: Browser, url: str) -> None:
    with opened_page(browser, url, locale="zh-CN") as page:
        page.goto(f"{url}/#user=ann&item=empire")
        page.wait_for_selector("svg.paths")
        assert page.evaluate("document.documentElement.lang") == "zh"
        asked = {"user": "ann", "explain": "short", "language": "zh"}
        listed = httpx2.post(f"{url}/v1/recommend", json=asked).json()["recommendations"]
        assert shown(page) == told(listed)
        assert listed[0]["name"] == "帝国反击战"
        assert "乔治·卢卡斯" in (page.locator("svg.paths").text_content() or "")
        page.locator("#past", has_text="异形").wait_for()
        english = page.evaluate("document.querySelector('main').innerText.match(/[A-Za-z]{3,}/g)")
        assert set(english) <= {
            "Star",
            "Wars",
            "Aliens",
            "Blade",
            "Newcomer",
            "Stranger",
            "Horror",
            "ann",
            "Neo",
            "Browser",
        }
        page.get_by_role("link", name="English").click()
        page.wait_for_selector("svg.paths")
        assert page.evaluate("document.documentElement.lang") == "en"
        assert page.locator(".place.open .opener").inner_text() == "Empire"
        assert page.evaluate("document.body.innerText.match(/[\\u4e00-\\u9fff]+/g).join()") == "中文"


@pytest.mark.download
@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(browser: Browser, url: str, scheme: str) -> None:
    script = axe_script()
    with opened_page(browser, url, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True) as page:
        found: dict[str, Any] = {}
        for address in (
            "",
            "/#user=ann&item=empire&without=alien&added=blade",
            "/#history=&chosen=alien",
            "/#view=model",
        ):
            page.goto("about:blank")
            page.goto(url + address)
            page.wait_for_selector(
                ".empty:visible, .detail .chips:visible, .places .stack:visible, #rests-on .rows:visible"
            )
            page.evaluate(script)
            for one in page.evaluate("axe.run()")["violations"]:
                found[f"{address} {one['id']}"] = [
                    one["impact"],
                    one["nodes"][0]["html"],
                    one["nodes"][0]["failureSummary"],
                ]
        assert found == {}


@pytest.mark.slow
def test_the_model_card(browser: Browser, url: str) -> None:
    card = httpx2.get(f"{url}/v1/model/card").json()
    with opened_page(browser, url, viewport={"width": 1200, "height": 800}) as page:
        page.goto(url)
        page.get_by_role("link", name="Model").click()
        rows = page.locator("#rests-on .rows").first
        shares = [f"{round(100 * part)}%" for part in sorted(card["evidence"].values(), reverse=True) if part > 0]
        page.wait_for_selector("#rests-on .rows")
        assert rows.locator(".value").all_inner_texts() == shares
        assert page.get_by_role("link", name="Model").get_attribute("aria-current") == "page"
        page.go_back()
        page.wait_for_selector("#view-list:not([hidden])")
        assert page.locator("#view-model").is_hidden()
