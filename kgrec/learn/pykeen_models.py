"""Dedicated embeddings of facts from PyKEEN (Ali et al., JMLR 2021): what our own are measured against.

PyKEEN comes with the extra `bench` and is imported when a model is fitted.
"""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from kgrec.dataset import Array, Facts, IntArray
from kgrec.errors import MissingExtraError

MODELS = ("TransE", "DistMult", "RotatE")
_PARTS = ("triples", "models", "losses", "training")
_MESSAGES = ("Training instances are always shuffled", "'pin_memory' argument is set as true")
"""Warnings that only PyKEEN's authors can act on."""
_BATCH, _TEMPERATURE = 1024, 1.0
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


def fit_pykeen(
    name: str,
    facts: Facts,
    n_nodes: int,
    setting: PykeenSetting | None = None,
    *,
    seed: int = 0,
    validate: Callable[[PykeenScorer], float],
    report: Callable[[int, float], None] | None = None,
) -> PykeenScorer:
    """Train a model of PyKEEN until validation stops improving, and keep the best state.

    Args:
        name: TransE, DistMult or RotatE.
        facts: what is known.
        validate: quality on validation, higher is better.
        report: called after every look with the epochs done and the quality.

    Raises:
        MissingExtraError: PyKEEN is not installed.
    """
    setting = setting or PykeenSetting()
    pykeen = _imported()
    torch.manual_seed(seed)
    triples = torch.from_numpy(np.stack([facts.head, facts.relation, facts.tail], axis=1))
    factory = pykeen["triples"].CoreTriplesFactory(triples, num_entities=n_nodes, num_relations=len(facts.relations))
    model = getattr(pykeen["models"], name)(
        triples_factory=factory,
        embedding_dim=setting.embedding_dim // 2 if name == "RotatE" else setting.embedding_dim,
        loss=pykeen["losses"].NSSALoss(margin=setting.margin, adversarial_temperature=_TEMPERATURE),
        random_seed=seed,
    )
    loop = pykeen["training"].SLCWATrainingLoop(
        model=model,
        triples_factory=factory,
        optimizer=torch.optim.Adam(model.parameters(), lr=setting.learning_rate),
        negative_sampler_kwargs={"num_negs_per_pos": setting.num_negatives},
    )
    scorer = PykeenScorer(model)
    best, highest, since = _state(model), -np.inf, 0
    for done in range(setting.check_every, setting.epochs + 1, setting.check_every):
        with warnings.catch_warnings():
            for message in _MESSAGES:
                warnings.filterwarnings("ignore", message)
            loop.train(
                factory,
                num_epochs=done,
                batch_size=_BATCH,
                continue_training=done > setting.check_every,
                use_tqdm=False,
                use_tqdm_batch=False,
            )
        quality = validate(scorer)
        if report is not None:
            report(done, quality)
        since += 1
        if quality > highest:
            best, highest, since = _state(model), quality, 0
        if since == setting.patience:
            break
    model.load_state_dict(best)
    return scorer


def _state(model: Any) -> dict[str, Any]:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def _imported() -> dict[str, Any]:
    """PyKEEN's modules, imported without the warnings that only its authors can act on."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = {part: importlib.import_module(f"pykeen.{part}") for part in _PARTS}
    except ImportError as error:
        raise missing_pykeen(str(error)) from error
    logging.getLogger("pykeen").setLevel(logging.ERROR)
    return found


def missing_pykeen(found: str) -> MissingExtraError:
    """What is said where PyKEEN cannot be imported."""
    return MissingExtraError(
        "a package that the comparison of facts needs cannot be loaded.",
        where="kgrec.learn.pykeen_models",
        found=found,
        expected="the package pykeen",
        next="pip install 'kgrec[bench]'",
    )
