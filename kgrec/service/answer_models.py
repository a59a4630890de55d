"""Answers as OpenAPI describes them; the answers themselves are made as bytes, and a test compares the two."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field


class ScorePart(BaseModel):
    """The reasons of one kind, summed."""

    kind: str = Field(
        description="entity, edge, other_facts, refind, popularity, trend, context, or of past items their evidence."
    )
    positive: float
    negative: float


class Told(BaseModel):
    """The reasons of one score; which parts there are says ``explain``."""

    sentence: str = Field(description="The reasons in words, of the length that was asked for.")
    degraded: str | None = Field(None, description="Why something is missing, such as graph paths.")
    parts: list[ScorePart] | None = Field(None, description="With the constant they add up to the score.")
    path_share: float | None = Field(None, description="Share of what speaks for the item that flows through paths.")
    reasons: list[dict[str, Any]] | None = Field(
        None, description="With the constant they add up to the score; each has kind, label, value and share."
    )
    constant: float | None = Field(None, description="Of scaling.")
    sentences: dict[str, str] | None = Field(None, description="The sentence in every length.")
    counterfactual: dict[str, Any] | None = Field(None, description="Score and rank without the strongest past item.")
    contributions: list[dict[str, Any]] | None = Field(None, description="The score by past item and channel.")
    past: list[dict[str, Any]] | None = Field(None, description="What each past item adds.")
    channels: dict[str, float] | None = Field(None, description="What each channel adds.")
    base: float | None = Field(None, description="The constant with popularity, trend and context.")
    history: int | None = Field(None, description="Number of past items that the score could draw on.")
    cypher: str | None = Field(None, description="A statement that shows it in Neo4j Browser.")


class Recommended(BaseModel):
    """One place of a list."""

    rank: int
    item: str
    name: str
    score: float = Field(description="Only differences within a list mean something.")
    new: bool = Field(description="Nobody had chosen it when the model was learned.")
    explanation: Told | None = None


class ListAnswer(BaseModel):
    """A list for somebody."""

    user: str | None
    ignored: list[str] = Field(description="Items of the given history that the bundle does not know.")
    recommendations: list[Recommended]


class Scored(BaseModel):
    """The score of an item."""

    item: str
    score: float


class ScoreAnswer(BaseModel):
    """Scores in the order of the items."""

    user: str | None
    ignored: list[str]
    scores: list[Scored]


class ExplanationAnswer(BaseModel):
    """Why an item has its score."""

    user: str | None
    ignored: list[str]
    item: str
    name: str
    score: float
    new: bool
    explanation: Told


class ChangedRank(BaseModel):
    """Where an item stands in both lists; null where it is no candidate."""

    item: str
    name: str
    score_before: float
    score_after: float
    rank_before: int | None
    rank_after: int | None


class ExplainedTwice(BaseModel):
    """The reasons of one item, as they are and with the change."""

    before: Told
    after: Told


class WhatIfAnswer(BaseModel):
    """A list as it is, and with a changed history."""

    user: str | None
    ignored: list[str]
    before: list[Recommended]
    after: list[Recommended]
    changes: list[ChangedRank]
    explained: ExplainedTwice | None = None


class SimilarAnswer(BaseModel):
    """Items that are like one."""

    item: str
    similar: list[Recommended]


class Match(BaseModel):
    """Something that has a name."""

    kind: Literal["item", "user"]
    id: str
    name: str


class SearchAnswer(BaseModel):
    """What fits a text."""

    text: str
    matches: list[Match]


class Past(BaseModel):
    """One thing that somebody did."""

    item: str
    name: str
    kind: str | None
    verb: str = Field(description="What they did, read between user and item: bought.")
    stars: float | None = Field(description="How many they gave; null where they gave none.")
    time: float | None
    weight: float | None


class HistoryAnswer(BaseModel):
    """What a user did, the oldest first."""

    user: str
    history: list[Past]


class ForgottenAnswer(BaseModel):
    """A user who is gone."""

    user: str
    interactions: int = Field(description="How many of theirs were removed.")


class ModelAnswer(BaseModel):
    """What answers come from."""

    created: str
    graph_id: str | None
    store: str | None = Field(description="Where the graph is: kglite, neo4j or bolt, say; null where it is away.")
    data_cutoff: float | None
    seed: int
    versions: dict[str, str]
    settings: dict[str, Any]
    metrics: dict[str, Any]
    training: list[dict[str, Any]] = Field(description="Losses and measures of each epoch.")
    channels: list[str]
    contexts: dict[str, list[str]] = Field(
        description="Circumstances that count, by context column, but for those of the moment."
    )
    platforms: list[str] = Field(description="Those whose lists can be asked for; none where there is one.")
    users: int
    items: int
    found_by: str = Field(description="How the best items are found, exactly: by all scores, or by retrieval.")


class CardAnswer(BaseModel):
    """The model card."""

    bundle: dict[str, Any]
    compacted: dict[str, Any] = Field(description="How it was made smaller; empty where it was not.")
    sizes: dict[str, int]
    evidence: dict[str, float] = Field(description="Share of the positive score of top lists, by what it rests on.")
    explanations: dict[str, Any] = Field(description="Measures of the reasons of top lists, over so many users.")
    validation: dict[str, Any]
    test: dict[str, Any] = Field(description="Metrics by system, where the model was measured beside baselines.")
    channels: list[dict[str, Any]]
    not_learned: dict[str, str] = Field(description="Why a channel was not trained, by its name.")
    trend: dict[str, float] = Field(
        description="Of what is chosen lately: half-life and gate; empty where it is closed."
    )
    contexts: dict[str, float] = Field(description="Weight of each context column that counts.")
    platforms: dict[str, dict[str, Any]] = Field(
        description="What validation said of single platforms, where it could: which model makes their lists, and what "
        "the others weigh."
    )
    paths: list[dict[str, Any]] = Field(description="Weight of each kind of path, the largest first.")


class LiveAnswer(BaseModel):
    """The process answers."""

    status: Literal["ok"]


class ReadyAnswer(BaseModel):
    """Whether everything is there."""

    status: Literal["ok", "degraded"]
    reason: str | None


class Problem(BaseModel):
    """An error (RFC 9457), with what every error of kgrec says."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["there is no such item in the bundle."])
    instance: str = Field(description="The request's id, as in the header X-Request-ID.")
    error: str = Field(examples=["UnknownItemError"])
    summary: str
    where: str | None
    found: str | None
    expected: str | None
    next: str | None
