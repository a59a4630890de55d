"""English."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kgrec.explanation.wording.languages import Labels, in_language
from kgrec.explanation.wording.lists import by_verb, listed, percent, stars
from kgrec.explanation.wording.sentence_parts import (
    SEEN,
    Again,
    DirectFact,
    Effect,
    Evidence,
    InContext,
    Name,
    OtherFacts,
    Past,
    Popularity,
    Shared,
    SharedFacts,
    Statement,
    Trend,
    past_of,
)


class English:
    """See :class:`kgrec.explanation.wording.languages.Wording`."""

    code = "en"
    between = " "
    labels = Labels(
        rank="rank",
        id="id",
        title="title",
        score="score",
        new="new",
        why="why",
        total="total",
        others="{n} more",
        reason="reason",
        adds="adds",
        share="share",
        entity="{name} ({words}), in {n} of yours",
        taken_together="others who took {name}",
        taken_next="what is taken after {name}",
        similar_text="{texts} like those of {name}",
        embeddings="graph embedding of {name}",
        disliked="others who disliked {name}",
        again="met before ({verb})",
        other_facts="{n} other facts",
        constant="scaling",
        no_paths="No path in the graph carries any of this score.",
        popularity="popularity",
        expected_popularity="expected popularity",
        trend="how much it is chosen lately (half-life {days} d)",
        context="how much it is chosen in this context ({column}: {value})",
        paths="Paths in the graph",
        without="without {name}: score {score:.4f}, rank {rank_after} instead of {rank_before} of {candidates}",
        yes="yes",
        nothing_passes="Nothing passes the filters.",
        chose="chose",
        declined="turned down",
    )

    def card(self, reason: Statement) -> str:
        """Because you liked Alien: same director, Ridley Scott."""
        match reason:
            case SharedFacts():
                return f"{self._because(reason.past)}: {_and([self._in_common(fact) for fact in reason.facts])}"
            case DirectFact():
                return _capital(re.sub("^this is ", "", self._direct(reason, "this")))
            case Evidence():
                return f"{self._because(reason.past, others=reason.others)}: {self._likewise(reason)}"
            case Again():
                return f"You {_with_it(self._verb(reason.past))}{_often(reason.times, in_figures=False)}"
            case Popularity():
                return "New, and likely to become popular" if reason.expected else "Popular with others"
            case Trend():
                return "Chosen a lot lately"
            case InContext():
                return "Chosen more than usual in such circumstances"
            case OtherFacts():
                return _OTHER_FACTS

    def first(self, reasons: Sequence[Statement]) -> str:
        """Because you liked Alien: same director, Ridley Scott (34% of what speaks for it), and similar plot (9%)."""
        said: list[str] = []
        for reason in reasons:
            if isinstance(reason, SharedFacts):
                for fact in reason.facts:
                    said.append(f"{self._in_common(fact)}{_as_others(fact)}{_part(fact.share, whole=not said)}")
            elif isinstance(reason, Evidence):
                said.append(f"{self._likewise(reason)}{_part(reason.share, whole=not said)}")
            else:
                return f"{self._clause(reason)}{_part(reason.share, whole=True)}."
        past, others = past_of(reasons[0])
        return f"{self._because(past, others=others)}: {_and(said)}."

    def further(self, reason: Statement) -> str:
        """Like Alien, it is directed by Ridley Scott (34%)."""
        if not isinstance(reason, SharedFacts):
            return f"{self._clause(reason)}{_part(reason.share)}."
        past = _names([one.name for one in reason.past])
        facts = [self._has(fact) for fact in reason.facts if fact.from_item]
        deeds = [self._does(fact, past) for fact in reason.facts if not fact.from_item]
        return self.between.join(([f"Like {past}, it {_and(facts)}."] if facts else []) + deeds)

    def without_reasons(self, history: bool, instead: Popularity | Trend | None) -> str:
        """There is no history to go by yet: what counts is its popularity."""
        why = "Nothing in your history speaks for it" if history else "There is no history to go by yet"
        match instead:
            case None:
                return f"{why}."
            case Trend():
                return f"{why}: what counts is how much it has been chosen lately."
            case Popularity():
                what = "the popularity expected of it" if instead.expected else "its popularity"
                return f"{why}: what counts is {what}."

    def against(self, past: Sequence[Past]) -> str:
        """Against it speaks that you disliked Cats."""
        return f"Against it speaks that you {self._done(past)}."

    def cold_item(self) -> str:
        """New here: nobody had chosen it when the model was learned."""
        return "New here: nobody had chosen it when the model was learned."

    def counterfactual(self, effect: Effect) -> str:
        """Without Alien, it would fall from rank 2 to 5."""
        name = _names([effect.name])
        without = f"If {name} did not count" if effect.is_entity else f"Without {name}"
        if effect.is_itself:
            without = "Without what you did with it"
        to = f"out of the first {SEEN}" if effect.out_of_sight else f"to {effect.rank_after}"
        return f"{without}, it would fall from rank {effect.rank_before} {to}."

    def _because(self, past: Sequence[Past], *, others: bool = False) -> str:
        return f"Because you {self._done(past, others=others)}"

    def _done(self, past: Sequence[Past], *, others: bool = False) -> str:
        """What somebody did with past items: liked Alien and rated Heat ★★."""
        marked = dict(zip(map(id, past), _marked([one.name for one in past]), strict=True))
        runs = [
            (verb, [marked[id(one)] if one.liked else f"{marked[id(one)]} {stars(one.stars)}".strip() for one in run])
            for verb, run in by_verb(past, self._verb)
        ]
        if others:
            runs[-1][1].append("others")
        return " and ".join(f"{verb} {_listed(names)}" for verb, names in runs)

    def _verb(self, past: Past) -> str:
        return "liked" if past.liked else in_language(past.verb, self.code)

    def _in_common(self, fact: Shared) -> str:
        """Same director, Ang Lee; also stars Kate Winslet; Kate Winslet acted in both."""
        words, entities = in_language(fact.words, self.code), _names(fact.entities)
        if not fact.from_item:
            return f"{entities} {_finite(words)} both"
        if not fact.nouns:
            return f"also {words.removeprefix('is ')} {entities}"
        nouns = [in_language(noun, self.code) for noun in fact.nouns]
        return f"same {_and(nouns if len(fact.entities) == 1 else [_plural(noun) for noun in nouns])}, {entities}"

    def _has(self, fact: Shared) -> str:
        """Is directed by Ang Lee; has the genres Comedy and Romance; has the same brand, Acme."""
        words = _finite(in_language(fact.words, self.code))
        if len(fact.entities) > 1:
            for noun in [in_language(noun, self.code) for noun in fact.nouns]:
                words = re.sub(rf"\b{re.escape(noun)}\b", _plural(noun), words)
        unreadable = fact.nouns and words.endswith(")")
        said = f"has the {self._in_common(fact)}" if unreadable else f"{words} {_names(fact.entities)}"
        return f"{said}{_as_others(fact)}{_part(fact.share)}"

    def _does(self, fact: Shared, past: str) -> str:
        words = _finite(in_language(fact.words, self.code))
        return f"{_names(fact.entities)} {words} it as well as {past}{_part(fact.share)}."

    def _direct(self, fact: DirectFact, it: str) -> str:
        words = _finite(in_language(fact.words, self.code))
        past, done = _names([fact.past.name]), f"which you {self._verb(fact.past)}"
        return f"{it} {words} {past}, {done}" if fact.from_item else f"{past}, {done}, {words} {it}"

    def _likewise(self, reason: Evidence) -> str:
        """What past items say, told after their names: often chosen by the same people."""
        match reason.kind:
            case "taken_together" if reason.cold:
                return f"people who chose {_them(reason)} go for things like this"
            case "taken_together":
                return "often chosen by the same people"
            case "taken_next":
                return "things like this are often chosen next" if reason.cold else "often chosen next"
            case "semantic" | "semantic_paths":
                return f"similar {self.texts(reason.texts)}"
            case "knowledge":
                return "a close match all in all"
            case kind:
                return f"a match by {_spoken(kind)}"

    def _clause(self, reason: DirectFact | OtherFacts | Evidence | Again | Popularity | Trend | InContext) -> str:
        """A reason as a sentence of its own, without its share."""
        match reason:
            case DirectFact():
                return _capital(self._direct(reason, "it"))
            case Again():
                did, took = _with_it(self._verb(reason.past)), _with_it(in_language(reason.taken, self.code))
                chance = f"the chance that somebody who came across it {took} is put at {percent(reason.rate)}"
                return f"You {did}{_often(reason.times)}, and {chance}"
            case OtherFacts():
                return f"It {_OTHER_FACTS[:1].lower()}{_OTHER_FACTS[1:]}"
            case Popularity():
                return "It can be expected to be popular" if reason.expected else "It is popular"
            case Trend():
                after = "a day" if reason.days == 1 else f"{reason.days:g} days"
                return f"It has been chosen a lot lately, where a choice counts half after {after}"
            case InContext():
                return f"It is chosen more than usual {_where(reason.column, reason.circumstance)}"
            case Evidence():
                return self._evidence(reason, _names([one.name for one in reason.past], others=reason.others))

    def _evidence(self, reason: Evidence, past: str) -> str:
        speaks_for = reason.share > 0
        match reason.kind:
            case "taken_together" if reason.cold:
                often, less = ("often choose", "") if speaks_for else ("choose", " less than this suggests")
                return f"People who chose {past} {often} things like it{less}"
            case "taken_together":
                chose = "often chose it, too" if speaks_for else "chose it less than this suggests"
                return f"People who chose {past} {chose}"
            case "taken_next":
                it = "things like it" if reason.cold else "it"
                many, than = ("Many", "") if speaks_for else ("Fewer", " than this suggests")
                return f"{many} choose {it} next after {past}{than}"
            case "semantic" | "semantic_paths":
                are, that = ("are", "those") if len(reason.texts) != 1 else ("is", "that")
                return f"Its {self.texts(reason.texts)} {are} {'like' if speaks_for else 'unlike'} {that} of {past}"
            case "knowledge":
                return f"All in all it is {'a close match to' if speaks_for else 'unlike'} {past}"
            case kind:
                return f"By {_spoken(kind)}, {past} {'speak for' if speaks_for else 'speak against'} it"

    def texts(self, texts: Sequence[Mapping[str, str]]) -> str:
        """Title and plot."""
        return _and([in_language(text, self.code) for text in texts]) if texts else "texts"


def _with_it(verb: str) -> str:
    """Looked at it, bought it; put it in the cart, where the verb ends with an object of its own."""
    first, *rest = verb.split()
    return f"{first} it {' '.join(rest)}" if len(rest) > 1 and rest[-1] not in _AT_THE_END else f"{verb} it"


def _often(times: int, *, in_figures: bool = True) -> str:
    if times <= 2:
        return " twice" if times == 2 else ""
    return f" {times} times" if in_figures else " several times"


_AT_THE_END = {"at", "by", "for", "from", "in", "into", "of", "on", "out", "to", "up", "with"}
"""Words that end a verb and not an object: looked at, signed up for."""
_OTHER_FACTS = "Shares further details with your history"


def _and(words: Sequence[str]) -> str:
    return listed(words, ", ", ", and " if any(", " in word for word in words) else " and ")


def _listed(words: Sequence[str]) -> str:
    return listed(words, ", ", " and ")


def _names(names: Sequence[Name], *, others: bool = False) -> str:
    return _listed([*_marked(names), *(["others"] if others else [])])


def _marked(names: Sequence[Name]) -> list[str]:
    """Names that stand together: all in quotation marks, where a reader could take one of them for two."""
    unclear = any(", " in name.text or (" and " in name.text and len(names) > 1) for name in names)
    return [f"“{name.text}”" if unclear else name.text for name in names]


def _part(share: float, *, whole: bool = False) -> str:
    if share < 0:
        return f", which takes {percent(-share)} off"
    return f" ({percent(share)} of what speaks for it)" if whole else f" ({percent(share)})"


def _as_others(fact: Shared) -> str:
    return f", as with {fact.more} more of yours" if fact.more else ""


def _them(reason: Evidence) -> str:
    return "them" if len(reason.past) > 1 or reason.others else "it"


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _finite(words: str) -> str:
    """Words of a relation as a verb: schemas write ``directed by``, a sentence says ``is directed by``."""
    return f"is {words}" if re.search(r" by( \(.*\))?$", words) and not words.startswith("is ") else words


def _plural(noun: str) -> str:
    """Directors, countries, directors of photography."""
    head, of, rest = noun.partition(" of ")
    if re.search("[^aeiou]y$", head):
        return f"{head[:-1]}ies{of}{rest}"
    if head.endswith("series"):
        return noun
    return f"{head}{'es' if re.search('(s|x|z|ch|sh)$', head) else 's'}{of}{rest}"


def _where(column: str, circumstance: str) -> str:
    match column:
        case "hour":
            return f"between {circumstance.replace('-', ' and ')} o'clock (UTC)"
        case "weekday":
            return f"on {circumstance}s"
        case "month":
            return f"in {circumstance}"
        case _:
            return f"where the {_spoken(column)} is {_spoken(circumstance)}"
