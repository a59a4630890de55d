"""`/`: the page that shows people why, and what it is made of."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

LANGUAGES = ("en", "zh")
ASSETS = "/page/"
"""Addresses below it are files that never change: a part of them is a hash of all."""
_TYPES = {".css": "text/css", ".js": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml"}
_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}
_EACH_TIME = {"cache-control": "no-cache", "vary": "accept-language"}

router = APIRouter(include_in_schema=False)


@router.get("/")
async def why_page(request: Request) -> Response:
    """The page in the language of ``lang``, otherwise in the one that the browser's user likes best."""
    return page_answer(request, "page.html")


@router.get(ASSETS + "{version}/{name}")
async def asset(version: str, name: str) -> Response:
    """A file of the page, of this version only: a browser keeps what it is told."""
    content = assets().get(name)
    kind = _TYPES.get(f".{name.rpartition('.')[2]}")
    if content is None or kind is None or version != assets_version():
        raise HTTPException(404)
    return Response(content, media_type=kind, headers=_FOR_EVER)


def page_answer(request: Request, name: str) -> Response:
    """A page of the assets, in the language that is asked for."""
    language = preferred(request.query_params.get("lang", ""), request.headers.get("accept-language", ""))
    return Response(_page(name, language), media_type="text/html", headers=_EACH_TIME)


@cache
def assets() -> Mapping[str, bytes]:
    """The files of the page by name."""
    return {one.name: one.read_bytes() for one in (files("kgrec.service.page") / "assets").iterdir() if one.is_file()}


@cache
def assets_version() -> str:
    """A hash of all files."""
    found = hashlib.sha256()
    for name, content in sorted(assets().items()):
        found.update(f"{name} {len(content)} ".encode() + content)
    return found.hexdigest()[:16]


def words_of(language: str) -> dict[str, str]:
    """The texts of the page in a language, by key."""
    words: dict[str, str] = json.loads(assets()[f"words_{language}.json"])
    return words


def preferred(asked: str, accepted: str) -> str:
    """The language of the page: the one that was asked for, or of those that a browser accepts the best that there is.

    Args:
        asked: a code, or anything else.
        accepted: such as ``zh-CN,zh;q=0.9,en;q=0.8``.
    """
    if asked in LANGUAGES:
        return asked
    weighed = []
    for place, part in enumerate(accepted.split(",")):
        code, _, weight = part.partition(";")
        language = code.strip().lower().partition("-")[0]
        quality = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", weight)
        if language in LANGUAGES and not (weight and not quality):
            weighed.append((-(float(quality[1]) if quality else 1.0), place, language))
    best = min(weighed, default=(0.0, 0, LANGUAGES[0]))
    return best[2] if best[0] else LANGUAGES[0]


@cache
def _page(name: str, language: str) -> str:
    """A page of the assets with the parts that it shares with others, ``{{+file}}``, and its texts, ``{{key}}``."""
    current = {f"@current.{one}": ' aria-current="true"' if one == language else "" for one in LANGUAGES}
    parts = {name: escape(text) for name, text in words_of(language).items()}
    parts |= {"@lang": language, "@assets": f"{ASSETS}{assets_version()}", **current}
    whole = re.sub(r"{{\+(.*?)}}", lambda part: assets()[part[1]].decode().rstrip(), assets()[name].decode())
    return re.sub(r"{{(.*?)}}", lambda place: parts[place[1]], whole)
