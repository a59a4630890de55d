"""Dedicated embeddings of facts from PyKEEN (Ali et al., JMLR 2021): what our own are measured against.

PyKEEN comes with the extra `bench` and is imported when a model is fitted.
"""

from __future__ import annotations

import importlib
import logging
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from kgrec.data.dataset import Array, IntArray
from kgrec.data.triples import Facts
from kgrec.errors import missing_extra

MODELS = ("TransE", "DistMult", "RotatE")
_PARTS = ("triples", "models", "losses", "training")
_MESSAGES = ("Training instances are always shuffled", "'pin_memory' argument is set as true")
"""Warnings that only PyKEEN's authors can act on."""
_BATCH, _TEMPERATURE = 1024, 1.0
_TRIAL = 50
_PAIRS_AT_ONCE, _NODES_AT_ONCE = 64, 2048


@dataclass(frozen=True)
class PykeenSetting:
    """How a PyKEEN model is trained: sampled negatives and the self-adversarial loss of RotatE (arXiv 1902.10197).

    Attributes:
        embedding_dim: real numbers per node; RotatE has half as many complex ones.
        learning_rate: Adam's step size.
        margin: of the loss.
        num_negatives: corrupted facts per true one.
        epochs: most epochs.
        check_every: epochs between two looks at validation.
        patience: looks without anything better before stopping.
    """

    embedding_dim: int = 64
    learning_rate: float = 0.01
    margin: float = 9.0
    num_negatives: int = 32
    epochs: int = 300
    check_every: int = 25
    patience: int = 2


class PykeenScorer:
    """A PyKEEN model that scores every node as an end of a fact."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def tails(self, head: IntArray, relation: IntArray) -> Array:
        """Scores of all nodes as tails, float32 ``(n, nodes)``."""
        return self._scores(self._model.score_t, head, relation)

    def heads(self, relation: IntArray, tail: IntArray) -> Array:
        """Scores of all nodes as heads, float32 ``(n, nodes)``."""
        return self._scores(self._model.score_h, relation, tail)

    @torch.no_grad()
    def _scores(self, score: Callable[..., torch.Tensor], first: IntArray, second: IntArray) -> Array:
        self._model.eval()
        pairs = np.stack([first, second], axis=1)
        starts = range(0, len(pairs), _PAIRS_AT_ONCE)
        blocks = [torch.from_numpy(pairs[start : start + _PAIRS_AT_ONCE]) for start in starts]
        scores: Array = np.concatenate([score(block, slice_size=_NODES_AT_ONCE).numpy() for block in blocks])
        return scores


class PykeenTraining:
    """One model of PyKEEN with one setting, trained as far as it is asked to be; the best state is kept.

    Attributes:
        quality: the highest on validation so far.
        seconds: spent on training and looks at validation.
    """

    def __init__(
        self,
        name: str,
        facts: Facts,
        n_nodes: int,
        setting: PykeenSetting,
        *,
        seed: int,
        validate: Callable[[PykeenScorer], float],
        report: Callable[[int, float], None] | None = None,
    ) -> None:
        pykeen = _imported()
        torch.manual_seed(seed)
        triples = torch.from_numpy(np.stack([facts.head, facts.relation, facts.tail], axis=1))
        self._factory = pykeen["triples"].CoreTriplesFactory(
            triples, num_entities=n_nodes, num_relations=len(facts.relations)
        )
        self._model = getattr(pykeen["models"], name)(
            triples_factory=self._factory,
            embedding_dim=setting.embedding_dim // 2 if name == "RotatE" else setting.embedding_dim,
            loss=pykeen["losses"].NSSALoss(margin=setting.margin, adversarial_temperature=_TEMPERATURE),
            random_seed=seed,
        )
        self._loop = pykeen["training"].SLCWATrainingLoop(
            model=self._model,
            triples_factory=self._factory,
            optimizer=torch.optim.Adam(self._model.parameters(), lr=setting.learning_rate),
            negative_sampler_kwargs={"num_negs_per_pos": setting.num_negatives},
        )
        self.setting, self._validate, self._report = setting, validate, report
        self._best, self.quality = _state(self._model), -np.inf
        self._done = self._since = 0
        self.seconds = 0.0

    def train(self, epochs: int) -> None:
        """Go on until so many epochs are done in all, never more than the setting's, or validation stops improving."""
        started = time.perf_counter()
        every, last = self.setting.check_every, min(epochs, self.setting.epochs)
        while self._done + every <= last and self._since < self.setting.patience:
            with warnings.catch_warnings():
                for message in _MESSAGES:
                    warnings.filterwarnings("ignore", message)
                self._loop.train(
                    self._factory,
                    num_epochs=self._done + every,
                    batch_size=_BATCH,
                    continue_training=self._done > 0,
                    use_tqdm=False,
                    use_tqdm_batch=False,
                )
            self._done += every
            quality = self._validate(PykeenScorer(self._model))
            if self._report is not None:
                self._report(self._done, quality)
            self._since += 1
            if quality > self.quality:
                self._best, self.quality, self._since = _state(self._model), quality, 0
        self.seconds += time.perf_counter() - started

    def scorer(self) -> PykeenScorer:
        """The model as it was at its best."""
        self._model.load_state_dict(self._best)
        return PykeenScorer(self._model)


def fit_pykeen(
    name: str,
    facts: Facts,
    n_nodes: int,
    grid: Sequence[PykeenSetting],
    *,
    seed: int = 0,
    validate: Callable[[PykeenScorer], float],
    report: Callable[[int, float], None] | None = None,
) -> PykeenTraining:
    """Train a model of PyKEEN until validation stops improving, with the setting that looks best within 50 epochs.

    A race of one round, after successive halving (Jamieson and Talwalkar, arXiv 1502.07943): training with every
    setting to its end takes hours. What learns much slower than the others has no fair chance in it, so the grid should
    not span learning rates.

    Args:
        name: TransE, DistMult or RotatE.
        facts: what is known.
        grid: settings, one or more.
        validate: quality on validation, higher is better.
        report: called after every look with the epochs done and the quality.

    Raises:
        MissingExtraError: PyKEEN is not installed.
        ValueError: the grid is empty.
    """
    best: PykeenTraining | None = None
    for setting in grid:
        training = PykeenTraining(name, facts, n_nodes, setting, seed=seed, validate=validate, report=report)
        training.train(max(_TRIAL, setting.check_every) if len(grid) > 1 else setting.epochs)
        best = training if best is None or training.quality > best.quality else best
    if best is None:
        raise ValueError("no setting to try")
    best.train(best.setting.epochs)
    return best


def _state(model: Any) -> dict[str, Any]:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def _imported() -> dict[str, Any]:
    """PyKEEN's modules, imported without the warnings that only its authors can act on."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            modules = {part: importlib.import_module(f"pykeen.{part}") for part in _PARTS}
    except ImportError as error:
        raise missing_extra("bench", "pykeen", where="the comparison of facts", found=str(error)) from error
    logging.getLogger("pykeen").setLevel(logging.ERROR)
    return modules
