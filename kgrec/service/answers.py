"""What an answer is made from: one recommender, in an installed language."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from kgrec.explanation.wording.languages import wording_of
from kgrec.recommendation import Recommender
from kgrec.service.json_answers import ANSWERED_BY


async def _recommender_of(request: Request) -> Recommender:
    recommender: Recommender = request.app.state.recommender
    request.scope[ANSWERED_BY] = recommender.bundle.version
    return recommender


Answering = Annotated[Recommender, Depends(_recommender_of)]
"""The application's recommender, as a parameter of a resource."""


def installed(language: str) -> str:
    """A language that there are sentences in.

    Raises:
        ConfigError: it is not installed.
    """
    wording_of(language)
    return language
