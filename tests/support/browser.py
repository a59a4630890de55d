"""A real browser and a service on a port of its own; what a page complains of or asks elsewhere fails its test."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from fastapi import FastAPI

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WAIT_MS = 10_000


def chromium() -> str:
    """The program; the test is skipped where there is none, or fails where there must be one."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        missing = "no chromium, chromium-browser or google-chrome to open the page with"
        if os.environ.get("KGREC_REQUIRE_BROWSER") == "1":
            pytest.fail(f"KGREC_REQUIRE_BROWSER=1 and {missing}", pytrace=False)
        pytest.skip(missing)
    return found


@contextmanager
def opened_browser() -> Iterator[Browser]:
    """A browser without a window."""
    program = chromium()
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright (extra dev) drives the browser")
    with playwright.sync_playwright() as driver:
        browser: Browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def listening(app: FastAPI) -> Iterator[str]:
    """The address of an application that answers in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)
    listener.close()


@contextmanager
def opened_page(browser: Browser, url: str, *, complains: bool = False, **context: Any) -> Iterator[Page]:
    """A page of its own for a service; afterwards nothing was asked elsewhere and the console is empty.

    Args:
        url: of the service.
        complains: answers that fail are meant; the browser writes a line about each.
        context: such as ``locale`` and ``viewport``.
    """
    with browser.new_context(**context) as opened:
        page = opened.new_page()
        page.set_default_timeout(WAIT_MS)
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: said.append(f"uncaught: {error}"))
        page.on("request", lambda request: asked.append(request.url))
        yield page
        assert [address for address in asked if not address.startswith(f"{url}/")] == []
        refused = "Failed to load resource:"
        assert [text for text in said if not (complains and text.startswith(refused))] == []
