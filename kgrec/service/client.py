"""A client of the service, with the methods of a :class:`~kgrec.recommendation.Recommender`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import quote

from kgrec import errors
from kgrec.bundle.bundle_versions import Version
from kgrec.errors import (
    KgrecError,
    RecordError,
    StoreUnavailableError,
    TooManyEventsError,
    UnknownItemError,
    missing_extra,
    shorten,
)
from kgrec.live.event import Receipt
from kgrec.recommendation import Condition, Context, Filters, NameMatch, PastInteraction, RankChange
from kgrec.recommendation.answer_types import History

try:
    import httpx2
except ImportError as error:
    raise missing_extra("client", "httpx2", where="kgrec.Client", found=str(error)) from error

Explain = Literal["none", "short", "standard", "full"]
_TIMEOUT_S = 15.0
_VERSIONS = "/v1/model/versions"


class ServiceError(KgrecError):
    """A service that refused, or an error that has no class of its own here."""


@dataclass(frozen=True)
class ToldRecommendation:
    """One place of a list; ``explanation`` is what the service told of its reasons, None where none were asked for."""

    rank: int
    item: str
    name: str
    score: float
    new: bool
    explanation: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ToldWhatIf:
    """The list of somebody as it is, and as it would be with a changed history."""

    before: Sequence[ToldRecommendation]
    after: Sequence[ToldRecommendation]
    changes: Sequence[RankChange]
    explained: Mapping[str, Any] | None = None


class Client:
    """Asks a service.

    Args:
        url: such as ``http://127.0.0.1:8000``.
        key: an API key of it.
        language: of sentences and names.
        pass_over: items of a history that the service does not know are passed over; else they are an error, as for a
            Recommender.
        http: sends the requests, in the place of one of its own.

    Raises:
        UnknownUserError, UnknownItemError, ConfigError and the other errors of a Recommender, under the same
        circumstances; StoreUnavailableError where the service cannot be reached; ServiceError for all else.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        key: str | None = None,
        *,
        language: str = "en",
        pass_over: bool = False,
        http: httpx2.Client | None = None,
    ) -> None:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self._http = http or httpx2.Client(base_url=url, headers=headers, timeout=_TIMEOUT_S)
        self._language = language
        self._pass_over = pass_over

    def close(self) -> None:
        """End the connection."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def recommend(
        self,
        user: str | None = None,
        *,
        history: History | None = None,
        k: int = 10,
        filters: Filters | None = None,
        context: Context | None = None,
        explain: Explain | bool = "none",
    ) -> list[ToldRecommendation]:
        """The best ``k`` items, best first; ``explain=True`` is ``standard``, False ``none``."""
        asked = {**_person(user, history, context), **_filters(filters), "k": k, **self._told(explain)}
        return _listed(self._asked("/v1/recommend", asked)["recommendations"])

    def score(
        self,
        user: str | None = None,
        items: Sequence[str] = (),
        *,
        history: History | None = None,
        context: Context | None = None,
    ) -> list[float]:
        """Scores of some items, in their order."""
        answer = self._asked("/v1/score", {**_person(user, history, context), "items": list(items)})
        return [one["score"] for one in answer["scores"]]

    def explain(
        self,
        user: str | None = None,
        item: str = "",
        *,
        history: History | None = None,
        context: Context | None = None,
        explain: Literal["short", "standard", "full"] = "full",
    ) -> dict[str, Any]:
        """Why an item has its score, as the service tells it."""
        asked = {**_person(user, history, context), "item": item, **self._told(explain)}
        return self._asked("/v1/explain", asked)

    def what_if(
        self,
        user: str | None = None,
        *,
        history: History | None = None,
        without: Sequence[str] = (),
        without_entities: Sequence[str] = (),
        add: History = (),
        k: int = 10,
        filters: Filters | None = None,
        context: Context | None = None,
        explain: Explain | bool = "none",
        item: str | None = None,
    ) -> ToldWhatIf:
        """The best items as they are, and as they would be with a changed history."""
        entries = {"without": list(without), "without_entities": list(without_entities), "add": _entries(add)}
        change = {**entries, "item": item}
        asked = {**_person(user, history, context), **_filters(filters), "k": k, **change, **self._told(explain)}
        answer = self._asked("/v1/what-if", asked)
        changes = [RankChange(**change) for change in answer["changes"]]
        return ToldWhatIf(_listed(answer["before"]), _listed(answer["after"]), changes, answer["explained"])

    def similar_items(self, item: str, k: int = 10) -> list[ToldRecommendation]:
        """The items that are like one, best first."""
        asked = {"item": item, "k": k, "language": self._language}
        return _listed(self._sent("GET", "/v1/similar", params=asked)["similar"])

    def search(self, text: str, k: int = 10, *, kind: Literal["item", "user"] = "item") -> list[NameMatch]:
        """Items or users by name or id, the best match first."""
        asked = {"text": text, "k": k, "kind": kind, "language": self._language}
        return [NameMatch(**one) for one in self._sent("GET", "/v1/search", params=asked)["matches"]]

    def history(self, user: str) -> list[PastInteraction]:
        """What a user did, the oldest first."""
        past = self._sent("GET", _of(user))["history"]
        return [PastInteraction(one["item"], one["kind"], one["time"], one["weight"]) for one in past]

    def forget(self, user: str) -> int:
        """How many interactions a user had, who is removed from the graph and unknown from now on."""
        removed: int = self._sent("DELETE", _of(user))["interactions"]
        return removed

    def report(self, *events: Mapping[str, Any]) -> list[Receipt | RecordError]:
        """What became of each event, in their order: what was not refused is on disk, and counts in the next answer.

        Args:
            events: each with ``id``, ``user``, ``item`` and what else docs/service.md names; whoever is not sure that
                they arrived sends them again.

        Raises:
            TooManyEventsError: too many wait; none was taken in. Its ``retry_after_s`` says when to come again.
        """
        answers = self._sent("POST", "/v1/events", json=list(events), also="events")["events"]
        return [
            Receipt(one["status"], one["offset"], one.get("reason")) if "offset" in one else _raised(one["error"])
            for one in answers
        ]

    def model_versions(self) -> list[Version]:
        """The versions of the model, the newest first."""
        return [Version(**one) for one in self._sent("GET", _VERSIONS)["versions"]]

    def use_model(self, version: str) -> list[Version]:
        """The versions of the model, of which the one of this id answers from now on.

        Raises:
            BundleError, SchemaMismatchError: it was refused; the old one answers on.
        """
        return [Version(**one) for one in self._sent("POST", _VERSIONS, json={"version": version})["versions"]]

    def previous_model(self) -> list[Version]:
        """The versions of the model, of which the one that answered before answers again; errors as above."""
        return [Version(**one) for one in self._sent("POST", _VERSIONS, json={})["versions"]]

    def _told(self, explain: Explain | bool) -> dict[str, str]:
        if isinstance(explain, bool):  # as a Recommender takes it
            explain = "standard" if explain else "none"
        return {"explain": explain, "language": self._language}

    def _asked(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._sent("POST", path, json=body)
        if answer["ignored"] and not self._pass_over:
            raise UnknownItemError(
                "there is no such item in the bundle.",
                where="history",
                found=", ".join(map(shorten, answer["ignored"][:3])),
                expected="items that the service knows",
                next="leave them out, or ask with Client(..., pass_over=True)",
            )
        return answer

    def _sent(self, method: str, path: str, *, also: str = "no member", **content: Any) -> dict[str, Any]:
        """The answer; one of another status than 200 too, where it has the member ``also``."""
        try:
            answer = self._http.request(method, path, **content)
        except httpx2.TransportError as error:
            raise StoreUnavailableError(
                "the service cannot be reached.", where=path, found=f"{type(error).__name__}: {error}"
            ) from error
        try:
            said: dict[str, Any] = answer.json()
        except ValueError:
            said = {}
        if answer.status_code == httpx2.codes.OK or also in said:
            return said
        refused = _raised(said, f"the service answered {answer.status_code}.")
        if isinstance(refused, TooManyEventsError):
            refused.retry_after_s = int(answer.headers.get("Retry-After", refused.retry_after_s))
        raise refused


def _raised(said: Mapping[str, Any], otherwise: str = "") -> Any:
    """The error that a document tells, of the class that it has here."""
    kind = getattr(errors, str(said.get("error")), ServiceError)
    known = isinstance(kind, type) and issubclass(kind, KgrecError) and kind is not KgrecError
    parts = {name: said.get(name) for name in ("where", "found", "expected", "next")}
    return (kind if known else ServiceError)(said.get("summary") or otherwise, **parts)


def _person(user: str | None, history: History | None, context: Context | None) -> dict[str, Any]:
    context = context or Context()
    circumstances = [f"{name}={value}" for name, value in context.values.items()]
    asked = {"at": context.at, "platform": context.platform, "context": circumstances}
    return {"user": user, "history": None if history is None else _entries(history), **asked}


def _entries(history: History) -> list[Any]:
    return [entry if isinstance(entry, str) else asdict(entry) for entry in history]


def _filters(filters: Filters | None) -> dict[str, Any]:
    filters = filters or Filters()
    return {
        "allow": list(filters.allow or ()),
        "deny": list(filters.deny),
        "where": [_text(condition) for condition in filters.where],
        "cold_items": filters.cold_items,
        "include_seen": filters.include_seen,
        "met": filters.met,
    }


def _text(condition: Condition) -> str:
    value = condition.value
    if condition.operator == "in":
        return f"{condition.property} in {','.join(map(str, value))}"
    return f"{condition.property}{condition.operator}{value}"


def _listed(told: Sequence[Mapping[str, Any]]) -> list[ToldRecommendation]:
    return [ToldRecommendation(**one) for one in told]


def _of(user: str) -> str:
    return f"/v1/users/{quote(user, safe='')}"
