"""Matrix factorisation: a vector for each user and item, learned by the package ``implicit``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.errors import require_extra
from kgrec.evaluation.compared_system import System, grid
from kgrec.metrics.rankers import VectorRanker

_PACKAGE = "implicit"


@dataclass(frozen=True)
class IALS:
    """Implicit alternating least squares (Hu, Koren and Volinsky 2008; its baseline form: Rendle et al. 2022).

    Attributes:
        model: a fitted ``implicit.als.AlternatingLeastSquares``.
        users: vectors, float32 ``(users, factors)``.
    """

    model: Any
    users: Array

    @classmethod
    def fit(
        cls,
        train: Interactions,
        n_users: int,
        n_items: int,
        *,
        seed: int = 0,
        factors: int = 64,
        regularization: float = 0.1,
        alpha: float = 10.0,
        iterations: int = 15,
    ) -> IALS:
        """A model fitted on one thread, so that a seed gives the same vectors.

        Args:
            regularization: L2 pull, the same for every vector whatever its interactions.
            alpha: confidence of an interaction, where 1 is that of its absence.

        Raises:
            MissingExtraError: implicit is not installed.
        """
        require_extra("bench", _PACKAGE, where="model ials", instead="leave it out")
        from implicit.als import AlternatingLeastSquares

        x = train.matrix(n_users, n_items)
        with _one_blas_thread():
            model = AlternatingLeastSquares(
                factors=factors,
                regularization=regularization,
                alpha=alpha,
                iterations=iterations,
                num_threads=1,
                random_state=seed,
                use_gpu=False,
            )
            model.fit(x, show_progress=False)
        return cls(model, np.asarray(model.user_factors))

    def with_history(self, history: Interactions) -> Self:
        """Users as one more least-squares step makes them from other histories; the items stay."""
        seen = history.matrix(len(self.users), len(self.model.item_factors))
        with _one_blas_thread():
            users = self.model.recalculate_user(np.arange(len(self.users)), seen)
        return replace(self, users=np.asarray(users))

    def scores(self, users: IntArray) -> Array:
        """Inner products, float32 ``(len(users), items)``."""
        products: Array = self.users[users] @ np.asarray(self.model.item_factors).T
        return products


class BPR(VectorRanker):
    """Matrix factorisation by Bayesian personalised ranking (Rendle et al. 2009, UAI)."""

    @classmethod
    def fit(
        cls,
        train: Interactions,
        n_users: int,
        n_items: int,
        *,
        seed: int = 0,
        factors: int = 64,
        learning_rate: float = 0.05,
        regularization: float = 0.01,
        iterations: int = 100,
    ) -> BPR:
        """A model fitted on one thread, so that a seed gives the same vectors. The items' bias is one more factor.

        Raises:
            MissingExtraError: implicit is not installed.
        """
        require_extra("bench", _PACKAGE, where="model bpr", instead="leave it out")
        from implicit.bpr import BayesianPersonalizedRanking

        x = train.matrix(n_users, n_items)
        model = BayesianPersonalizedRanking(
            factors=factors,
            learning_rate=learning_rate,
            regularization=regularization,
            iterations=iterations,
            num_threads=1,
            random_state=seed,
            use_gpu=False,
        )
        model.fit(x, show_progress=False)
        return cls(np.asarray(model.user_factors), np.asarray(model.item_factors))


def _one_blas_thread() -> Any:
    """implicit runs its own threads, and warns where the linear algebra below does so as well."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, "blas")


IALS_SYSTEM = System(
    IALS.fit,
    grid(factors=(32, 128), regularization=(10.0, 30.0, 100.0, 300.0), alpha=(1.0, 5.0, 20.0, 60.0)),
    reads=("seed",),
    package=_PACKAGE,
)
BPR_SYSTEM = System(
    BPR.fit,
    grid(
        factors=(32, 128),
        learning_rate=(0.02, 0.06),
        regularization=(0.003, 0.03, 0.1),
        iterations=(30, 100, 300),
    ),
    reads=("seed",),
    package=_PACKAGE,
    user_is_history=False,
)
