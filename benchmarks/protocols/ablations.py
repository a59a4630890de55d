"""Ablations: what each part of the model, the true graph and the true texts are worth, on the measured split."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset
from kgrec.data.funnel import of_kinds, taking_kinds
from kgrec.data.splits import Split
from kgrec.data.triples import Facts
from kgrec.evaluation.task import Task
from kgrec.learn.fusion.gate_search import GateFitter
from kgrec.metrics.bootstrap import Bootstrap
from kgrec.metrics.rankers import ModelRanker
from kgrec.metrics.ranking import Measured, mean_metrics
from kgrec.progress import Progress, silent
from kgrec.scoring.gates import Gates
from kgrec_benchmarks.protocols.ablation_groups import GROUPS
from kgrec_benchmarks.runs.cost import Watch
from kgrec_benchmarks.runs.fingerprints import fingerprint_of_split
from kgrec_benchmarks.runs.outcome import Outcome
from kgrec_benchmarks.runs.result import Table
from kgrec_benchmarks.runs.run_cache import RunCache
from kgrec_benchmarks.runs.runner import cost_of, learn, rankers_of

_METRIC = "ndcg@10"
_LOSSES = ("exact_bce", "softmax", "gbce")
_KG_WEIGHTS = (0.0, 0.1, 0.3, 1.0)
_TEXT_WEIGHTS = (0.0, 0.01, 0.1, 1.0)
_DEPTHS = (0, 1, 2)
_FULL, _WITHOUT = "fused", "without "


@dataclass(frozen=True)
class _Variant:
    """One model to learn: a place in the table, its data and its settings."""

    group: str
    name: str
    dataset: Dataset
    config: TrainConfig


def ablations(
    dataset: Dataset,
    split: Split,
    config: TrainConfig,
    kept: RunCache,
    progress: Progress,
    groups: Collection[str] = GROUPS,
) -> tuple[dict[str, Table], list[str]]:
    """Learn and test every variant of some groups that the data allow, once, with the seed of ``config``.

    Graph and text variants choose all their settings anew, so that a shuffled graph is not made to use what suits the
    true one; losses and weights of their terms keep the depth that was chosen. A shuffled graph has every relation's
    tails permuted: as many facts, the same degrees, no meaning. Shuffled texts change hands among the items, and among
    the entities. ``without`` leaves a channel out, with gates that validation chooses for the others: without paths,
    facts speak through the GNN alone.

    Returns:
        Group to variant to metrics of the test, and ``validation_ndcg@10``; and sentences that say whether the graph
        and the texts gained anything. Beside ``groups`` there are ``channels`` (each alone) and ``without`` (each left
        out).
    """
    which = fingerprint_of_split(split)
    task = Task.of(dataset, split)

    def measured(variant: _Variant, share: Progress) -> Outcome:
        share = share.named(f"{variant.group}: {variant.name}")
        share("learning", 0)
        make = partial(_measure, variant, split, task, share)
        return kept.get(f"ablation {variant.group} {variant.name}", make, (which, variant.config))

    of_full, of_others = progress.parts(1, 10)
    full = measured(_Variant("channels", _FULL, dataset, config), of_full)
    table: dict[str, Table] = {"channels": {}}
    for row in full.rows:
        _, left_out, channel = row.rpartition(_WITHOUT)
        table.setdefault("without" if left_out else "channels", {})[channel] = _metrics(full, row)
    users: dict[str, dict[str, Array]] = {}
    depth = int(full.settings["num_layers"])
    same = {
        "graph": "true",
        "text": "true",
        "depth": str(depth),
        "loss": config.loss,
        "kg_weight": f"{config.kg_weight:g}",
        "text_weight": f"{config.text_weight:g}",
    }
    variants = [one for one in _variants(dataset, config, depth) if one.group in groups]
    for variant, share in zip(variants, of_others.parts(*[1] * len(variants)), strict=True):
        outcome = full if same[variant.group] == variant.name else measured(variant, share)
        table.setdefault(variant.group, {})[variant.name] = _metrics(outcome, _FULL)
        users.setdefault(variant.group, {})[variant.name] = outcome.users[_FULL][_METRIC]
    return table, [text for group in ("graph", "text") if group in users for text in sentences(group, users[group])]


def _variants(dataset: Dataset, config: TrainConfig, depth: int) -> Iterator[_Variant]:
    rng = np.random.default_rng(config.seed)
    if len(dataset.facts):
        yield _Variant("graph", "true", dataset, config)
        yield _Variant("graph", "shuffled", replace(dataset, facts=shuffled_facts(dataset.facts, rng)), config)
        yield _Variant("graph", "none", replace(dataset, facts=Facts.none()), config)
    with_texts = any(dataset.texts) and config.text_encoder != "none"
    if with_texts:
        yield _Variant("text", "true", dataset, config)
        yield _Variant("text", "shuffled", replace(dataset, texts=shuffled_texts(dataset, rng)), config)
        yield _Variant("text", "none", replace(dataset, texts=("",) * len(dataset.texts)), config)
    if len(dataset.facts):
        for hops in _DEPTHS:
            yield _Variant("depth", str(hops), dataset, config.model_copy(update={"num_layers": hops}))
    for loss in _LOSSES:
        yield _Variant("loss", loss, dataset, config.model_copy(update={"loss": loss, "num_layers": depth}))
    terms = {"kg_weight": _KG_WEIGHTS if len(dataset.facts) else (), "text_weight": _TEXT_WEIGHTS if with_texts else ()}
    for term, weights in terms.items():
        for weight in weights:
            settings = {term: weight, "num_layers": depth}
            yield _Variant(term, f"{weight:g}", dataset, config.model_copy(update=settings))


def shuffled_facts(facts: Facts, rng: np.random.Generator) -> Facts:
    """The same heads, with the tails of each relation permuted among its facts; loops and repeats fall away."""
    tail = facts.tail.copy()
    for relation in range(len(facts.relations)):
        rows = np.flatnonzero(facts.relation == relation)
        tail[rows] = tail[rng.permutation(rows)]
    real = facts.head != tail
    return Facts.unique(facts.head[real], facts.relation[real], tail[real], facts.relations)


def shuffled_texts(dataset: Dataset, rng: np.random.Generator) -> tuple[str, ...]:
    """Texts permuted among the items that have one, and among the entities that have one."""
    texts = np.array(dataset.texts, object)
    there = texts != ""
    is_item = np.arange(len(texts)) < len(dataset.items)
    for group in (is_item, ~is_item):
        rows = np.flatnonzero(there & group)
        texts[rows] = texts[rng.permutation(rows)]
    return tuple(texts)


def _measure(variant: _Variant, split: Split, task: Task, progress: Progress) -> Outcome:
    """Learn a variant; test it and, where it is the whole model, each of its channels alone."""
    watch = Watch()
    learned = learn(variant.dataset, split, variant.config, watch, progress)
    refitted, _, train_only = rankers_of(learned, split, task.n_users)
    in_validation = split.valid.first_contexts(task.n_users)
    train_only = ModelRanker.over(train_only.model, split.train, task.n_users, in_validation)
    rows = {_FULL: (refitted, train_only)}
    if variant.group == "channels":
        for group in refitted.model.groups:
            name = refitted.model.channels[group[0]].name
            rows[name] = (_alone(refitted, group), _alone(train_only, group))
            if len(refitted.model.groups) > 1:
                rows[_WITHOUT + name] = _left_out(group, refitted, train_only, split, variant.config)
    n_users, n_items = task.seen.shape
    taken = of_kinds(split.train, taking_kinds(split.train, split.valid))
    before, wanted = taken.matrix(n_users, n_items), split.valid.matrix(n_users, n_items)
    measured: dict[str, Measured] = {}
    validation: dict[str, float] = {}
    for name, (tested, validated) in rows.items():
        measured[name] = task.measure(tested)
        validation[name] = mean_metrics(validated, before, wanted, ks=(10,))[_METRIC]
    cost = cost_of(watch, tried=0, capped=False)
    return Outcome.of(measured, n_users, settings=learned.chosen.as_dict(), cost=cost, validation=validation)


def _alone(ranker: ModelRanker, group: list[int]) -> ModelRanker:
    """The model with all gates closed but that of one channel, which those beside it share."""
    table = ranker.model.gates.by_history
    open_one = np.zeros_like(table.channels)
    open_one[..., group] = 1.0
    nothing = np.zeros_like(table.prior)
    alone = ranker.model.gates.with_known(channels=open_one, prior=nothing, trend=nothing)
    return replace(ranker, model=replace(ranker.model, gates=alone))


def _left_out(
    group: list[int], refitted: ModelRanker, train_only: ModelRanker, split: Split, config: TrainConfig
) -> tuple[ModelRanker, ModelRanker]:
    """Both models without a channel and those beside it, with gates that validation chooses for the others.

    That of items met before stays as it is: it is chosen by itself.
    """
    again, table = train_only.model.refind, train_only.model.gates.by_history
    kept = [c for c in range(len(refitted.model.channels)) if c not in group]
    of_search = [c for c in kept if c != again]
    learned = replace(train_only.model, channels=tuple(train_only.model.channels[c] for c in of_search))
    n_users = len(train_only.histories.lengths)
    half_lives = () if learned.trend is None else (learned.trend.half_life,)
    fitter = GateFitter(learned, split.train, split.valid, n_users, config.seed, silent, config.reason_cost, half_lives)
    gates = fitter.with_cold_offset(fitter.fit()[0], config.cold_item_cost)
    if again in kept:
        gates = gates.with_channel(np.full(gates.by_history.prior.shape, table.channels[..., again].mean()))
    return _with_channels(refitted, kept, gates), _with_channels(train_only, kept, gates)


def _with_channels(ranker: ModelRanker, kept: list[int], gates: Gates) -> ModelRanker:
    """The ranker of some channels, with gates of theirs."""
    model = replace(ranker.model, channels=tuple(ranker.model.channels[c] for c in kept), gates=gates)
    histories = replace(ranker.histories, matrices=tuple(ranker.histories.matrices[c] for c in kept))
    return ModelRanker(model, histories)


def _metrics(outcome: Outcome, row: str) -> dict[str, float]:
    return {**outcome.rows[row], f"validation_{_METRIC}": outcome.validation[row]}


def sentences(group: str, users: Mapping[str, Array]) -> list[str]:
    """Whether the true graph or texts gained anything over shuffled ones and over none, with the interval of that.

    Args:
        group: ``graph`` or ``text``.
        users: variant to ndcg@10 per user; ``true`` and whatever it is compared with.
    """
    words = {"graph": "facts", "text": "texts"}
    drawn = Bootstrap(users)
    result = []
    for other in ("shuffled", "none"):
        low, high = drawn.difference("true", other)
        mine, theirs = (float(np.nanmean(users[name])) for name in ("true", other))
        against = f"shuffled {words[group]}" if other == "shuffled" else f"no {words[group]}"
        verdict = "a gain" if low > 0 else "a loss" if high < 0 else "no difference that chance would not explain"
        result.append(
            f"True {words[group]} against {against}: {_METRIC} {mine:.4f} against {theirs:.4f}, {mine - theirs:+.4f} "
            f"(95 % interval {low:+.4f} to {high:+.4f}): {verdict}."
        )
    return result
