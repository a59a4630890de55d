"""The steps of learning on one set of interactions, and what comes out of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset, Interactions
from kgrec.data.splits import hide, sample_users
from kgrec.learn.channels.behaviour import BehaviourChannels
from kgrec.learn.channels.behaviour_weights import BehaviourSettings
from kgrec.learn.fusion.cold_item_gates import ColdStartSimulation, refit_offset
from kgrec.learn.fusion.gate_search import GateFitter
from kgrec.learn.fusion.return_visits import enough_return_visits
from kgrec.learn.limits import LIMITS
from kgrec.learn.neural.model import Embeddings, joined, learned_ranker, unit_history
from kgrec.learn.neural.trainer import Epoch, Trained, Trainer
from kgrec.learn.neural.training_subgraph import TrainingSubgraph
from kgrec.metrics.ranking import mean_metrics
from kgrec.progress import Progress
from kgrec.scoring.channel_names import KNOWLEDGE, SEMANTIC
from kgrec.scoring.gates import Gates
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import LowRankMatrix
from kgrec.scoring.model import AdditiveModel, Channel

_APART = 1_000_003
"""Between the seeds of an ensemble's members, so that runs with neighbouring seeds share none."""


@dataclass(frozen=True)
class Chosen:
    """What validation decided; enough to refit without it."""

    behaviour: BehaviourSettings
    num_layers: int
    epochs: int
    gates: Gates


@dataclass(frozen=True)
class Learned:
    """A fitted model and how it came about.

    Attributes:
        model: ready to score.
        embeddings: of the learned part.
        chosen: what validation decided.
        metrics: validation ndcg@10 of each channel alone, of the prior, and fused.
        log: the epochs of the run on the training part.
        train_only: the model that was chosen, learned without the validation part; None where ``model`` is that model.
    """

    model: AdditiveModel
    embeddings: Embeddings
    chosen: Chosen
    metrics: dict[str, float]
    log: list[Epoch]
    train_only: AdditiveModel | None = None


@dataclass(frozen=True)
class Prepared:
    """What validation decided before any training.

    Attributes:
        held: validation behaviour; valid: its pairs that training does not have, users x items.
        setting: of the behaviour channels, which are ready.
        simulation: a learner from which a tenth of the items is hidden, and who took those; see ``_hiding``.
    """

    held: Interactions
    valid: sparse.csr_matrix
    setting: BehaviourSettings
    channels: list[Channel]
    simulation: tuple[Learner, sparse.csr_matrix] | None


class Learner:
    """The steps of learning on one set of interactions."""

    def __init__(
        self, dataset: Dataset, texts: Array | None, config: TrainConfig, checkpoint: Path | None, progress: Progress
    ) -> None:
        self.dataset, self.texts, self.config = dataset, texts, config
        self.checkpoint, self.progress = checkpoint, progress
        self.n_users, self.n_items = len(dataset.users), len(dataset.items)
        self.seen = dataset.interactions.matrix(self.n_users, self.n_items)
        self.behaviour = BehaviourChannels(dataset, None if texts is None else texts[: self.n_items], progress)

    def prepared(self, held: Interactions) -> Prepared:
        """Choose what does not depend on the training of embeddings."""
        valid = held.matrix(self.n_users, self.n_items)
        valid = valid - valid.multiply(self.seen > 0)
        valid.eliminate_zeros()
        with_return_visits = enough_return_visits(self.dataset.interactions, held, self.n_users)
        setting, _ = self.behaviour.choose(valid, with_long_term=with_return_visits)
        simulation = self._hiding()
        if simulation is not None:
            rest, hidden = simulation
            setting = replace(setting, content=rest.behaviour.choose_content(hidden, setting.without_recency))
        setting = replace(setting, shrinkage=self.behaviour.choose_shrinkage(setting, valid))
        return Prepared(held, valid.tocsr(), setting, self.behaviour.channels(setting), simulation)

    def choose(self, ready: Prepared) -> Learned:
        """Choose every other setting on validation."""
        setting, valid = ready.setting, ready.valid
        depths = (1, 0) if self.config.num_layers == "auto" else (self.config.num_layers,)
        sample = sample_users(valid, LIMITS.validation_users)
        runs = {depth: self._train(depth, setting.history, sample) for depth in depths}
        depth = max(runs, key=lambda number: _best_value(runs[number]))
        trained = runs[depth]
        members = [trained.embeddings, *self._further(depth, setting.history, trained.best_epoch)]
        model = self._assemble(setting, ready.channels, joined(members), None)
        gates, metrics = GateFitter(
            model, self.dataset.interactions, ready.held, self.n_users, self.config.seed, self.progress
        ).fit()
        if ready.simulation is not None:
            rest, hidden = ready.simulation
            learned = rest.with_settings(Chosen(setting, depth, trained.best_epoch, gates))[0]
            cost, behaviour = self.config.new_item_cost, self.dataset.interactions
            warm = _of_items(valid, ~learned.is_cold)
            simulation = ColdStartSimulation(learned, rest.dataset.interactions, hidden, warm, cost)
            gates, found = simulation.fit(self.config.seed, self.progress)
            metrics |= found
            warm = _of_items(valid, ~model.is_cold)
            gates = refit_offset(replace(model, gates=gates), behaviour, warm, cost, self.config.seed)
        for number, run in runs.items():
            metrics[f"learned part, {number} hops"] = _best_value(run)
        chosen = Chosen(setting, depth, trained.best_epoch, gates)
        return Learned(replace(model, gates=gates), members[0], chosen, metrics, trained.log)

    def fused(self, ready: Prepared) -> float:
        """Validation ndcg@10 of the fused model with one training, for comparing settings of it."""
        sample = sample_users(ready.valid, LIMITS.validation_users)
        depths = (1, 0) if self.config.num_layers == "auto" else (self.config.num_layers,)
        trained = max((self._train(depth, ready.setting.history, sample) for depth in depths), key=_best_value)
        model = self._assemble(ready.setting, ready.channels, trained.embeddings, None)
        behaviour = self.dataset.interactions
        fitter = GateFitter(model, behaviour, ready.held, self.n_users, self.config.seed, self.progress)
        return fitter.fit()[1]["fused"]

    def _hiding(self) -> tuple[Learner, sparse.csr_matrix] | None:
        """A learner from which a tenth of the items is hidden, and who took those, users x items.

        None where no new item can be placed, or too few to be worth the time of one more training.
        """
        seen = self.dataset.interactions
        cold = self.behaviour.cold
        enough = cold.mean() >= LIMITS.cold_item_share and (~cold).sum() >= LIMITS.cold_item_known
        if not (self.behaviour.places_cold_items and enough):
            return None
        is_hidden = np.isin(seen.item, hide(seen.item, 0, self.config.seed))
        config = self.config.model_copy(update={"ensemble": 1})
        rest = self.dataset.with_interactions(seen.select(~is_hidden))
        hidden = seen.select(is_hidden).matrix(self.n_users, self.n_items)
        return Learner(rest, self.texts, config, None, self.progress), hidden

    def with_settings(self, chosen: Chosen) -> tuple[AdditiveModel, Embeddings]:
        """Learn with settings that are already chosen."""
        setting = chosen.behaviour
        first = self._train(chosen.num_layers, setting.history, None, chosen.epochs).embeddings
        members = [first, *self._further(chosen.num_layers, setting.history, chosen.epochs)]
        return self._assemble(setting, self.behaviour.channels(setting), joined(members), chosen.gates), first

    def _further(self, depth: int, serving: HistoryWeights, epochs: int) -> list[Embeddings]:
        """The other members of the ensemble: the same training from other seeds, for as long as the first one took."""
        return [
            self._train(depth, serving, None, epochs, member).embeddings for member in range(1, self.config.ensemble)
        ]

    def _train(
        self,
        depth: int,
        serving: HistoryWeights,
        valid: sparse.csr_matrix | None,
        epochs: int | None = None,
        member: int = 0,
    ) -> Trained:
        """Train the embeddings; validation weighs histories as serving will."""
        subgraph = TrainingSubgraph.of(self.dataset)
        part = subgraph.dataset
        n_items = len(part.items)
        counts = np.bincount(part.interactions.item, minlength=n_items)
        prior = np.log((counts + 0.5) / len(part.interactions))
        flat = HistoryWeights().matrix(part.interactions, self.n_users, n_items)
        name = f"{depth}-hops" if member == 0 else f"{depth}-hops-{member + 1}"
        folder = None if self.checkpoint is None else self.checkpoint / name
        config = self.config.model_copy(update={"num_layers": depth, "seed": self.config.seed + _APART * member})
        texts = None if self.texts is None else self.texts[subgraph.nodes]
        trainer = Trainer(part, texts, prior, config, flat, folder, subgraph.degree)
        history = unit_history(serving.matrix(part.interactions, self.n_users, n_items)).astype(np.float32)
        seen = part.interactions.matrix(self.n_users, n_items)
        wanted = None if valid is None else valid[:, subgraph.items].tocsr()

        def validate(embeddings: Embeddings) -> float:
            return mean_metrics(learned_ranker(embeddings, history), seen, wanted, ks=(10,))["ndcg@10"]

        def report(entry: Epoch) -> None:
            quality = f", ndcg@10 {entry['valid_ndcg@10']:.4f}" if "valid_ndcg@10" in entry else ""
            stage = f"training, {depth} hops" if valid is not None else "training on everything"
            self.progress(stage, int(entry["epoch"]), epochs or config.epochs, f"loss {entry['loss']:.4f}{quality}")

        trained = trainer.fit(None if wanted is None else validate, report, epochs)
        return replace(trained, embeddings=subgraph.embed(trainer.model, self.dataset, self.texts, config))

    def _assemble(
        self, setting: BehaviourSettings, behaviour: list[Channel], embeddings: Embeddings, gates: Gates | None
    ) -> AdditiveModel:
        weights = setting.history
        channels = [*behaviour, Channel(KNOWLEDGE, LowRankMatrix(embeddings.source, embeddings.target), weights)]
        if embeddings.texts is not None:
            channels.append(Channel(SEMANTIC, LowRankMatrix(embeddings.texts, embeddings.texts), weights))
        gates = gates or Gates.common(np.ones(len(channels)), 1.0)
        return AdditiveModel(tuple(channels), gates, self.behaviour.prior(setting), self.behaviour.cold)


def _of_items(pairs: sparse.csr_matrix, which: Array) -> sparse.csr_matrix:
    found = (pairs @ sparse.diags(which.astype(np.float32))).tocsr()
    found.eliminate_zeros()
    return found


def _best_value(trained: Trained) -> float:
    return max(entry["valid_ndcg@10"] for entry in trained.log)


def settings_of(chosen: Chosen) -> dict[str, Any]:
    """What was chosen, as plain data for the manifest."""
    return {
        "behaviour": chosen.behaviour.as_dict(),
        "num_layers": chosen.num_layers,
        "epochs": chosen.epochs,
        "gates": chosen.gates.as_dict(),
    }
