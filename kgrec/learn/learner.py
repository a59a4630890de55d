"""The steps of learning on one set of interactions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from scipy import sparse

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset, Interactions
from kgrec.data.splits import hide, pairs_with, pairs_without, sample_users
from kgrec.learn.channels.behaviour import BehaviourChannels
from kgrec.learn.channels.behaviour_weights import BehaviourSettings
from kgrec.learn.channels.semantic_paths import semantic_paths
from kgrec.learn.contexts import choose_contexts, with_contexts
from kgrec.learn.fit_result import ChosenSettings, FitResult
from kgrec.learn.further_channels import further_channels
from kgrec.learn.fusion.cold_item_gates import ColdStartSimulation
from kgrec.learn.fusion.cold_item_offset import effect_of_cost, refit_offset
from kgrec.learn.fusion.gate_search import GateFitter
from kgrec.learn.fusion.return_visits import enough_return_visits
from kgrec.learn.limits import LIMITS
from kgrec.learn.neural.model import Embeddings, joined
from kgrec.learn.neural.next_item_factors import NextItemFactors
from kgrec.learn.neural.trainer import Trained
from kgrec.learn.next_items import channel_of, why_no_factors
from kgrec.learn.refinding import choose_refinding, with_refinding
from kgrec.learn.trainings import Trainings, embeddings_of, results
from kgrec.parallel.cached_attribute import cached_property
from kgrec.parallel.executor import Executor, here
from kgrec.progress import Progress
from kgrec.scoring.block_matrix import table_or_list
from kgrec.scoring.channel_names import CO_TAKING, KNOWLEDGE
from kgrec.scoring.gates import Gates
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import LowRankMatrix
from kgrec.scoring.model import AdditiveModel, Channel
from kgrec.scoring.trend import Trend

_SHARES = 4.0, 0.5, 6.0
"""Of settings of the channels in closed form, of making these, of choosing all else, by their time on MovieLens."""


@dataclass(frozen=True)
class HiddenItems:
    """A data set from which a tenth of the known items is hidden, to meet them as cold items.

    Attributes:
        learner: of the interactions that are left.
        interactions: those that are hidden, users x items.
    """

    learner: Learner
    interactions: sparse.csr_matrix


@dataclass(frozen=True)
class PreparedChannels:
    """The channels that need no training, with the settings that validation chose for them.

    Attributes:
        held_out: the validation part.
        before: all that users did before it, whatever of it is learned from.
        valid: its pairs that training does not have, users x items.
        history: how past items count, which is all that trainings need to begin.
        choose: chooses the settings of the channels in closed form.
        make: makes these channels, and those of plug-ins.
        hidden: for the cold-start simulation; None where the catalogue has no use for one.
        trials: number of settings tried.
    """

    held_out: Interactions
    before: Interactions
    valid: sparse.csr_matrix
    history: HistoryWeights
    choose: Callable[[], BehaviourSettings]
    make: Callable[[BehaviourSettings], list[Channel]]
    hidden: HiddenItems | None
    trials: int

    @cached_property
    def settings(self) -> BehaviourSettings:
        """Of the channels, chosen when they are first asked for."""
        return self.choose()

    @cached_property
    def channels(self) -> list[Channel]:
        """The channels, ready to score, made when they are first asked for."""
        return self.make(self.settings)


@dataclass(frozen=True)
class _Depths:
    """One training per depth of the GNN: validation ndcg@10 of each, the best depth and its training."""

    qualities: dict[int, float]
    best: int
    trained: Trained


class Learner:
    """The steps of learning on one set of interactions."""

    def __init__(
        self,
        dataset: Dataset,
        texts: Array | None,
        config: TrainConfig,
        checkpoint: Path | None,
        progress: Progress,
        executor: Executor = here,
    ) -> None:
        self.dataset, self.texts, self.config = dataset, texts, config
        self.checkpoint, self._progress, self._executor = checkpoint, progress, executor
        self.n_users, self.n_items = len(dataset.users), len(dataset.items)
        self.seen = dataset.interactions.matrix(self.n_users, self.n_items)
        of_behaviour, self._of_channels, self._choosing = progress.parts(*_SHARES)
        of_items = None if texts is None else texts[: self.n_items]
        self.behaviour = BehaviourChannels(dataset, of_items, of_behaviour, executor)

    def prepare(self, held_out: Interactions, before: Interactions | None = None) -> PreparedChannels:
        """The channels that need no training, with settings chosen on the validation part.

        Args:
            before: all that users did before it, where that is more than what is learned from.
        """
        valid = pairs_without(held_out.matrix(self.n_users, self.n_items), self.seen)
        with_return_visits = enough_return_visits(self.dataset.interactions, held_out, self.n_users)
        settings, trials = self.behaviour.choose(valid, with_long_term=with_return_visits)
        hidden = self._hide_items()
        return PreparedChannels(
            held_out=held_out,
            before=self.dataset.interactions if before is None else before,
            valid=valid.tocsr(),
            history=settings.history,
            choose=partial(self._for_rare_items, settings, valid, hidden),
            make=partial(self.closed_form_channels, progress=self._of_channels),
            hidden=hidden,
            trials=trials,
        )

    def choose(self, prepared: PreparedChannels) -> FitResult:
        """The model of the training part, with every other setting chosen on validation."""
        shares = self._choosing.parts(4, 2, 2, 2, 2, 2)
        by_depth, of_factors, of_members, without_hidden, of_gates, of_cold_items = shares
        depths = self._train_depths(prepared, by_depth)
        settings, hidden = prepared.settings, prepared.hidden
        depth, epochs = depths.best, depths.trained.best_epoch
        why_none = why_no_factors(self.dataset, self.config, prepared.channels, prepared.valid)
        sample = sample_users(prepared.valid, LIMITS.validation_users)
        in_training = None if why_none else self._trainings.next_items(settings.history, sample)
        further = self._trainings.members(depth, settings.history, epochs, first=1)
        factors = None if in_training is None else in_training.result(of_factors)
        if why_none:
            of_factors("next-item factors", 1, 1, f"none: {why_none}")
        of_next = factors.best_epoch if factors else 0
        learned = None if hidden is None else hidden.learner.begin(settings, depth, epochs, of_next, without_hidden)
        members = [depths.trained.embeddings, *embeddings_of(further, of_members)]
        model = self._assemble(settings, prepared.channels, joined(members), factors)
        fitter = self._gate_fitter(model, prepared, of_gates)
        gates, metrics = fitter.fit()
        model = replace(model, trend=fitter.trend)
        chosen = ChosenSettings(settings, depth, epochs, gates, "", of_next, why_none or "", half_life=fitter.half_life)
        if hidden is None or learned is None:
            gates = fitter.with_cold_offset(gates, self.config.cold_item_cost)
        else:
            without = replace(learned()[0], gates=gates, trend=hidden.learner.trend(fitter.half_life))
            simulated = self._fit_cold_gates(model, without, hidden, prepared, of_cold_items)
            gates, metrics = simulated[0], metrics | simulated[1]
        metrics |= {f"learned part, {depth} hops": quality for depth, quality in depths.qualities.items()}
        model = replace(model, gates=gates)
        effect = effect_of_cost(model, self.config.cold_item_cost, fitter.n_users, of_cold_items)
        data = prepared.before, prepared.held_out, self.n_users
        again = choose_refinding(model, *data, of_cold_items)
        model = with_refinding(model, again.settings, again.gates, prepared.before, self.n_users)
        in_context = choose_contexts(model, *data, of_cold_items)
        chosen = replace(chosen, gates=again.gates, refind=again.settings, contexts=in_context.settings)
        tried = prepared.trials + len(depths.qualities) + (factors is not None)
        return FitResult(
            model=with_contexts(model, in_context.settings, prepared.before),
            embeddings=members[0],
            chosen=replace(chosen, cold_items=effect),
            metrics=metrics | again.metrics | in_context.metrics,
            log=depths.trained.log,
            trials=tried + fitter.trials + again.tried + in_context.tried,
            reasons=fitter.reasons,
        )

    def quality(self, prepared: PreparedChannels) -> float:
        """Validation ndcg@10 of the fused model with one training, for comparing settings of it.

        There are no next-item factors in it, which read other settings.
        """
        by_depth, of_gates = self._choosing.parts(4, 2)
        trained = self._train_depths(prepared, by_depth).trained
        model = self._assemble(prepared.settings, prepared.channels, trained.embeddings)
        return self._gate_fitter(model, prepared, of_gates).fit()[1]["fused"]

    def refit(self, chosen: ChosenSettings, progress: Progress) -> tuple[AdditiveModel, Embeddings]:
        """A model learned with settings that were chosen before, and the embeddings of its first member."""
        model, embeddings = self.begin(
            chosen.behaviour, chosen.num_layers, chosen.epochs, chosen.next_item_epochs, progress
        )()
        model = replace(model, trend=self.trend(chosen.half_life))
        done = self.dataset.interactions
        model = with_contexts(model, chosen.contexts, done)
        return with_refinding(model, chosen.refind, chosen.gates, done, self.n_users), embeddings

    def trend(self, half_life: float) -> Trend | None:
        """What is taken lately in these interactions; None for a half-life of 0."""
        return Trend.of(self.dataset.interactions, self.n_items, half_life) if half_life else None

    def begin(
        self, settings: BehaviourSettings, depth: int, epochs: int, next_item_epochs: int, progress: Progress
    ) -> Callable[[], tuple[AdditiveModel, Embeddings]]:
        """What gives a model with open gates, and the embeddings of its first member, once these are trained.

        Until it is called there is time for other work beside the trainings.

        Args:
            next_item_epochs: 0 for a model without next-item factors.
        """
        of_channels, of_factors, of_members = progress.parts(1, bool(next_item_epochs), self.config.ensemble)
        serving, trainings = settings.history, self._trainings
        in_training = trainings.next_items(serving, epochs=next_item_epochs) if next_item_epochs else None
        pending = trainings.members(depth, serving, epochs)
        channels = self.closed_form_channels(settings, of_channels)

        def learned() -> tuple[AdditiveModel, Embeddings]:
            factors = None if in_training is None else in_training.result(of_factors)
            members = embeddings_of(pending, of_members)
            return self._assemble(settings, channels, joined(members), factors), members[0]

        return learned

    def _for_rare_items(
        self, settings: BehaviourSettings, valid: sparse.csr_matrix, hidden: HiddenItems | None
    ) -> BehaviourSettings:
        """The settings with those of items that few have taken, or nobody."""
        if hidden is not None:
            content = hidden.learner.behaviour.choose_content(hidden.interactions, settings.without_recency)
            settings = replace(settings, content=content)
        return replace(settings, shrinkage=self.behaviour.choose_shrinkage(settings, valid))

    def _hide_items(self) -> HiddenItems | None:
        """A tenth of the known items hidden; None where no cold item has content, or too few to be worth the time."""
        cold = self.behaviour.cold
        enough = cold.mean() >= LIMITS.cold_item_share and (~cold).sum() >= LIMITS.cold_item_known
        if not (self.behaviour.places_cold_items and enough):
            return None
        interactions = self.dataset.interactions
        is_hidden = np.isin(interactions.item, hide(interactions.item, 0, self.config.seed))
        config = self.config.model_copy(update={"ensemble": 1})
        visible = self.dataset.with_interactions(interactions.select(~is_hidden))
        return HiddenItems(
            learner=Learner(visible, self.texts, config, None, self._progress, self._executor),
            interactions=interactions.select(is_hidden).matrix(self.n_users, self.n_items),
        )

    def _train_depths(self, prepared: PreparedChannels, progress: Progress) -> _Depths:
        """Train with every depth that the settings leave open."""
        depths = (1, 0) if self.config.num_layers == "auto" else (self.config.num_layers,)
        sample = sample_users(prepared.valid, LIMITS.validation_users)
        pending = self._trainings.depths(depths, prepared.history, sample)
        _ = prepared.channels  # made while the embeddings are in training, where these have a process of their own
        runs = dict(zip(depths, results(pending, progress), strict=True))
        qualities = {depth: max(epoch["valid_ndcg@10"] for epoch in run.log) for depth, run in runs.items()}
        best = max(depths, key=lambda depth: qualities[depth])
        return _Depths(qualities=qualities, best=best, trained=runs[best])

    def _gate_fitter(self, model: AdditiveModel, prepared: PreparedChannels, progress: Progress) -> GateFitter:
        """What fits the gates of known items."""
        return GateFitter(
            model,
            self.dataset.behaviour,
            prepared.held_out,
            self.n_users,
            self.config.seed,
            progress,
            self.config.reason_cost,
            executor=self._executor,
        )

    def _fit_cold_gates(
        self,
        model: AdditiveModel,
        without: AdditiveModel,
        hidden: HiddenItems,
        prepared: PreparedChannels,
        progress: Progress,
    ) -> tuple[Gates, dict[str, float]]:
        """The gates of a model with those of cold items, and how well these rank hidden items.

        What they cost the known items is measured again in the model itself.

        Args:
            model: with any gates.
            without: learned without the hidden items, with the gates of known ones: it tells how cold items are told
                apart.
        """
        at = prepared.held_out.first_times(self.n_users)
        simulation = ColdStartSimulation(
            model=without,
            train=hidden.learner.dataset.behaviour,
            hidden=hidden.interactions,
            known=pairs_with(prepared.valid, ~without.is_cold),
            cost=self.config.cold_item_cost,
            at=at,
        )
        gates, metrics = simulation.fit(self.config.seed, progress)
        known, config = pairs_with(prepared.valid, ~model.is_cold), self.config
        model = replace(model, gates=gates)
        return refit_offset(model, self.dataset.behaviour, known, config.cold_item_cost, config.seed, at), metrics

    @property
    def _trainings(self) -> Trainings:
        return Trainings(self.dataset, self.texts, self.config, self.checkpoint, self._executor)

    def closed_form_channels(self, settings: BehaviourSettings, progress: Progress) -> list[Channel]:
        """Kgrec's own, those of plug-ins, and what people elsewhere take together."""
        progress("channels in closed form", 0)
        further = further_channels(self.dataset, self.config.sums, settings, progress)
        channels = [*self.behaviour.channels(settings), *further]
        return [replace(channel, matrix=table_or_list(channel.matrix)) for channel in channels]

    def _assemble(
        self,
        settings: BehaviourSettings,
        closed_form: list[Channel],
        embeddings: Embeddings,
        factors: NextItemFactors | None = None,
    ) -> AdditiveModel:
        """All channels with open gates."""
        of_nodes = KNOWLEDGE if embeddings.hops else CO_TAKING
        known = ~self.behaviour.cold
        matrix = LowRankMatrix.beside_mean(embeddings.source, embeddings.target, known)
        channels = [*closed_form, Channel(of_nodes, matrix, settings.history)]
        if factors is not None:
            channels.insert(len(closed_form), channel_of(factors, settings.history, known))
        if embeddings.texts is not None:
            history = settings.history.matrix(self.dataset.interactions, self.n_users, self.n_items)
            channels.append(semantic_paths(embeddings.texts, settings.history, history, known))
        gates = Gates.common(np.ones(len(channels)), 1.0)
        return AdditiveModel(tuple(channels), gates, self.behaviour.prior(settings), self.behaviour.cold)
