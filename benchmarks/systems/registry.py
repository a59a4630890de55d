"""Every system that can be measured, by name. What one needs is imported when it is fitted, not before."""

from __future__ import annotations

from typing import Any

from kgrec.errors import ConfigError
from kgrec.evaluation.baselines import BASELINES, Baseline, System, grid
from kgrec_benchmarks.systems.implicit_models import BPR, IALS, PACKAGE
from kgrec_benchmarks.systems.rp3beta import RP3beta
from kgrec_benchmarks.systems.slim import MOST_ITEMS, SLIM

OURS = "kgrec"
RP3BETA_GRID = grid(alpha=(0.4, 0.7, 1.0, 1.3), beta=(0.0, 0.2, 0.4, 0.6, 0.8), neighbours=(50, 200))
SLIM_GRID = grid(l1=(1.0, 3.0, 10.0), l2=(3.0, 30.0))
IALS_GRID = grid(factors=(32, 128), regularization=(10.0, 30.0, 100.0, 300.0), alpha=(1.0, 5.0, 20.0, 60.0))
BPR_GRID = grid(
    factors=(32, 128), learning_rate=(0.02, 0.06), regularization=(0.003, 0.03, 0.1), iterations=(30, 100, 300)
)
# Depths change fastest, so that all of them are tried before the time runs out.
LIGHTGCN_GRID = grid(learning_rate=(1e-2, 3e-3), l2=(1e-4, 1e-2), num_layers=(2, 1, 3))
KGAT_GRID = grid(learning_rate=(1e-2, 3e-3), l2=(1e-4, 1e-2), num_layers=(1, 2))


def _lightgcn(*data: Any, **setting: Any) -> Baseline:
    from kgrec_benchmarks.systems.lightgcn import fit_lightgcn

    return fit_lightgcn(*data, **setting)


def _kgat(*data: Any, **setting: Any) -> Baseline:
    from kgrec_benchmarks.systems.kgat import fit_kgat

    return fit_kgat(*data, **setting)


SYSTEMS: dict[str, System] = {
    **BASELINES,
    "rp3beta": System(RP3beta.fit, RP3BETA_GRID),
    "slim": System(SLIM.fit, SLIM_GRID, most_items=MOST_ITEMS),
    "ials": System(IALS.fit, IALS_GRID, ("seed",), package=PACKAGE),
    "bpr": System(BPR.fit, BPR_GRID, ("seed",), package=PACKAGE),
    "lightgcn": System(_lightgcn, LIGHTGCN_GRID, ("seed",), stops_early=True),
    "kgat": System(_kgat, KGAT_GRID, ("seed", "facts", "n_nodes"), stops_early=True),
}
"""Name to baseline; :data:`OURS` stands beside them."""

DEFAULT = (OURS, *BASELINES, "rp3beta")


def named(models: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """Names of systems, each once: ``all``, a comma-separated text, a tuple, or None for :data:`DEFAULT`.

    Raises:
        ConfigError: a name that no system has, or no name at all.
    """
    if models is None:
        return DEFAULT
    given = [part.strip() for part in models.split(",")] if isinstance(models, str) else list(models)
    names = tuple(dict.fromkeys(part for part in given if part))
    known = (OURS, *SYSTEMS)
    if names == ("all",):
        return known
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise ConfigError(
            "there is no such system to measure." if unknown else "no system is named.",
            where="models",
            found=", ".join(unknown) or "nothing",
            expected=f"all, or some of {', '.join(known)}, separated by commas",
            next="correct the names, or leave them out for the usual ones",
        )
    return names
