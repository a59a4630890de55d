"""English."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kgrec.explanation.evidence_paths import ShownPath
from kgrec.explanation.reasons import Counterfactual, PastItem, PastItemReason
from kgrec.explanation.wording.languages import Labels, in_language
from kgrec.explanation.wording.lists import by_verb, listed, with_stars


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
        similar_text="text of {name}",
        embeddings="graph embedding of {name}",
        disliked="others who disliked {name}",
        other_facts="{n} other facts",
        constant="scaling",
        no_paths="No path in the graph carries any of this score.",
        popularity="popularity",
        expected_popularity="expected popularity",
        paths="Paths in the graph",
        without="without {name}: score {score:.4f}, rank {rank_after} instead of {rank_before} of {candidates}",
        via="via",
        yes="yes",
        nothing_passes="Nothing passes the filters.",
        chose="chose",
        declined="turned down",
    )

    def because(self, past: Sequence[PastItem]) -> str:
        """Recommended because you watched Alien (+2.58) and Heat (+1.00)."""
        return f"Recommended because you {_done(past, self.code)}."

    def without_reasons(self, history: bool, cold: bool) -> str:
        """There is no history to go by yet: what counts is its popularity."""
        popularity = "the popularity expected of it" if cold else "its popularity"
        why = "Nothing in your history speaks for it" if history else "There is no history to go by yet"
        return f"{why}: what counts is {popularity}."

    def against(self, past: Sequence[PastItem]) -> str:
        """Against it speaks that you disliked Cats (-0.42)."""
        return f"Against it speaks that you {_done(past, self.code)}."

    def shared_fact(self, past: Sequence[str], item: str, words: str, entity: str) -> str:
        """Like Alien, Blade Runner is directed by Ridley Scott."""
        return f"Like {_and(past)}, {item} {_finite(words)} {entity}."

    def path(self, path: ShownPath) -> str:
        """The graph says: Aliens is a sequel of Alien."""
        facts = [
            f"{step.source.name} {_finite(in_language(step.words, self.code))} {step.target.name}"
            for step in path.steps
        ]
        return f"The graph says: {'; '.join(facts)}."

    def text_evidence(self, part: PastItemReason) -> str:
        """Of what you know, the text of Alien speaks most for it (+0.91)."""
        return f"Of what you know, the text of {part.past.name} speaks most for it (+{part.value:.2f})."

    def cold_item(self) -> str:
        """New here: nobody had chosen it when the model was learned."""
        return "New here: nobody had chosen it when the model was learned."

    def counterfactual(self, effect: Counterfactual) -> str:
        """Without Alien it would fall from rank 2 to 5."""
        if effect.rank_after == effect.rank_before:
            return f"Without {effect.name} it would stay at rank {effect.rank_before}."
        verb = "fall" if effect.rank_after > effect.rank_before else "rise"
        return f"Without {effect.name} it would {verb} from rank {effect.rank_before} to {effect.rank_after}."


def _and(words: Sequence[str]) -> str:
    return listed(words, ", ", " and ")


def _done(past: Sequence[PastItem], language: str) -> str:
    clauses = [f"{verb} {_and(names)}" for verb, names in by_verb(past, language, _with_value)]
    return _and(clauses)


def _with_value(item: PastItem) -> str:
    return f"{with_stars(item.name, item.stars)} ({item.value:+.2f})"


def _finite(words: str) -> str:
    """Words of a relation as a verb: schemas write ``directed by``, a sentence says ``is directed by``."""
    return f"is {words}" if re.search(r" by( \(.*\))?$", words) and not words.startswith("is ") else words
