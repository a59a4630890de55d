"""Noise that hides whether somebody is in the sums, with the budget that it costs (differential privacy).

The Gaussian mechanism: with a clip C no user moves the upper triangle by more than C, and normal noise of ``z C`` in
each number makes the sums of neighbouring sets of users hard to tell apart: (epsilon, delta) as the accountant of
``dp_accounting`` has it, for one release or several of the same people. The protected unit is a user of one platform,
added or taken away. It is a bound on what can be concluded and no promise that nothing can.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kgrec.errors import ConfigError, require_extra
from kgrec.learn.federated.item_sums import ItemSums

_LARGE = 100.0
_AT_LEAST = 0.85
"""Of the noise that moments ask for."""
_PRECISION = 0.02


def noised(sums: ItemSums, multiplier: float, rng: np.random.Generator | None = None) -> ItemSums:
    """The sums with noise in each number.

    Args:
        multiplier: standard deviation of the noise, in clips.
        rng: for tests; else numbers from the operating system's entropy.

    Raises:
        ConfigError: the sums have no clip, or the multiplier is not positive.
    """
    if not (np.isfinite(sums.clip) and multiplier > 0):
        raise ConfigError(
            "noise needs a bound on what one user moves.",
            where="clip",
            found=f"a clip of {sums.clip:g} and noise of {multiplier:g} clips",
            expected="both above 0, and the clip finite",
            next="name one with --clip, such as 20: a user of six items moves as much",
        )
    drawn = (rng or np.random.default_rng()).normal(0.0, multiplier * sums.clip, len(sums.upper))
    return replace(sums, upper=sums.upper + drawn, noise=float(np.hypot(sums.noise, multiplier)))


def epsilon(multiplier: float, delta: float, releases: int = 1) -> float:
    """Epsilon of some releases with such noise.

    Args:
        multiplier: as for :func:`noised`.
        delta: chance that is left to less, above 0 and below 1; well below one in the number of users.
        releases: of sums of the same people, each with noise of its own.

    Raises:
        MissingExtraError: the package dp-accounting is missing.
        ConfigError: no such delta or number.
    """
    if not (0 < delta < 1 and releases >= 1 and multiplier > 0):
        raise ConfigError(
            "a privacy budget cannot be that.",
            found=f"noise {multiplier:g}, delta {delta:g}, {releases} releases",
            expected="noise above 0, delta between 0 and 1, one release or more",
            next="choose delta well below one in the number of users, such as 1e-6",
        )
    require_extra("federated", "dp_accounting", where="privacy budget", instead="share sums without noise")
    from dp_accounting import GaussianDpEvent
    from dp_accounting.pld import PLDAccountant

    accountant = PLDAccountant()
    accountant.compose(GaussianDpEvent(multiplier), releases)
    return float(accountant.get_epsilon(delta))


def multiplier_for(wanted: float, delta: float, releases: int = 1) -> float:
    """The least noise, in clips, whose epsilon is at most the wanted one, to a fiftieth.

    Raises:
        ConfigError, MissingExtraError: as for :func:`epsilon`; or no noise makes so small an epsilon.
    """
    if not wanted > 0:
        raise ConfigError(
            "no noise makes such an epsilon.", where="epsilon", found=f"{wanted:g}", next="choose one from .1 to 20"
        )
    epsilon(_LARGE, delta, releases)  # refuses what cannot be a budget
    from dp_accounting import (
        ExplicitBracketInterval,
        GaussianDpEvent,
        LowerEndpointAndGuess,
        SelfComposedDpEvent,
        calibrate_dp_mechanism,
    )
    from dp_accounting.pld import PLDAccountant
    from dp_accounting.rdp import RdpAccountant

    def event(multiplier: float) -> SelfComposedDpEvent:
        return SelfComposedDpEvent(GaussianDpEvent(multiplier), releases)

    # Moments say quickly what is enough; the distribution of the loss, which is exact, that somewhat less is.
    enough = calibrate_dp_mechanism(RdpAccountant, event, wanted, delta, LowerEndpointAndGuess(0.0, 1.0))
    bracket = ExplicitBracketInterval(_AT_LEAST * enough, enough)
    return float(calibrate_dp_mechanism(PLDAccountant, event, wanted, delta, bracket, tol=_PRECISION * enough))
