"""Sums over users of which items they took together: what platforms may share that may not share rows.

    G = SUM_u w_u x_u x_u'        w_u = min(1, clip / sqrt(n_u (n_u + 1) / 2))

x_u says which items of a common list user u took, n_u how many. Sums add up: those of several platforms are the sums of
all their users, and closed forms such as the ridge read nothing else. With a clip no user moves the upper triangle of G
by more than ``clip`` (Euclidean norm), which is what noise is measured against; without one ``w_u`` is 1.

Two users who took the items (a, b) and (b, c), without a clip:

          a  b  c
      a   1  1  0
      b   1  2  1
      c   0  1  1
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from scipy import sparse

from kgrec.data.dataset import Array, Interactions
from kgrec.data.vocabulary import Vocabulary
from kgrec.errors import SourceError
from kgrec.learn.limits import LIMITS

_FORMAT = "kgrec sums 1"


@dataclass(frozen=True)
class ItemSums:
    """Sums over the users of one platform or several, or what one platform sends of them.

    Attributes:
        items: ids of the common list, in its order.
        upper: upper triangle of G row by row with its diagonal, float64 ``(n (n + 1) / 2,)``; uint64 where masked.
        clip: most that one user moves it; infinity for no bound.
        noise: standard deviations of noise in each number, in clips; 0 for none.
        parties: public keys of the platforms that are in it; empty where nobody is named.
        awaited: public keys of all platforms whose sums must be added before masks cancel; empty where nothing is
            masked.
    """

    items: tuple[str, ...]
    upper: Array
    clip: float = float("inf")
    noise: float = 0.0
    parties: tuple[str, ...] = ()
    awaited: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, interactions: Interactions, users: int, items: Vocabulary, common: Sequence[str], clip: float
    ) -> ItemSums:
        """The sums of some users; items that are not on the common list are left out.

        Args:
            interactions: rows of users and of ``items``.
            users: how many there are.

        Raises:
            SourceError: the list is too long, has an id twice, or nothing on it was taken.
        """
        _check_list(common)
        column = Vocabulary(common).rows(list(items))
        there = interactions.select(column[interactions.item] >= 0)
        if not len(there):
            raise SourceError(
                "nobody took an item of the common list.",
                found=f"{len(common):,} ids such as {', '.join(map(repr, common[:3]))}",
                expected=f"ids such as {', '.join(map(repr, list(items)[:3]))}",
                next="agree on a list of ids that every platform uses for its items",
            )
        taken = replace(there, item=column[there.item]).matrix(users, len(common)).astype(np.float64)
        length = np.diff(taken.indptr)
        weight = np.minimum(1.0, clip / np.sqrt(np.maximum(length * (length + 1) / 2, 1.0)))
        gram = (taken.T @ sparse.diags(weight) @ taken).toarray()
        return cls(tuple(common), gram[np.triu_indices(len(common))], clip)

    @property
    def gram(self) -> Array:
        """G as a whole, float64 ``(n, n)``.

        Raises:
            SourceError: it is masked: sums of other platforms are missing.
        """
        if self.awaited:
            raise SourceError(
                "sums are masked, and some platforms are missing.",
                found=f"the sums of {_named(self.parties)}",
                expected=f"those of {_named(self.awaited)} as well",
                next="join the sums of all platforms of the round",
            )
        n = len(self.items)
        gram = np.zeros((n, n))
        gram[np.triu_indices(n)] = self.upper
        result: Array = gram + np.triu(gram, 1).T
        return result

    def plus(self, other: ItemSums) -> ItemSums:
        """The sums of both.

        Raises:
            SourceError: they are of different lists, clips or rounds, or one platform is in both.
        """
        self._check_fits(other)
        parties = (*self.parties, *other.parties)
        together = set(self.awaited) | set(other.awaited)
        complete = together <= set(parties)
        upper = self.upper + other.upper
        if together and complete:
            upper = _unmasked(upper)
        return replace(
            self,
            upper=upper,
            noise=float(np.hypot(self.noise, other.noise)),
            parties=parties,
            awaited=() if complete else tuple(sorted(together - set(parties))),
        )

    def minus(self, own: ItemSums) -> ItemSums:
        """The sums of the others, for a platform that knows its own.

        Raises:
            SourceError: they are of different lists or clips.
        """
        self._check_fits(replace(own, parties=()))
        parties = tuple(party for party in self.parties if party not in own.parties)
        return replace(self, upper=self.upper - own.upper, parties=parties)

    def save(self, path: Path) -> None:
        """Write one file; only its owner can read it."""
        about = {
            "format": _FORMAT,
            "items": list(self.items),
            "clip": repr(self.clip),
            "noise": self.noise,
            "parties": self.parties,
            "awaited": self.awaited,
        }
        path.touch(mode=0o600)
        save_file({"upper": self.upper}, path, metadata={"about": json.dumps(about)})

    @classmethod
    def load(cls, path: Path) -> ItemSums:
        """The sums of a file.

        Raises:
            SourceError: there is none, or it is none of sums.
        """
        try:
            with safe_open(path, "numpy") as file:
                about: dict[str, Any] = json.loads((file.metadata() or {})["about"])
                upper = file.get_tensor("upper")
            n = len(about["items"])
            if about["format"] != _FORMAT or upper.shape != (n * (n + 1) // 2,) or not np.isfinite(upper).all():
                raise ValueError(f"{about['format']}, {upper.shape} numbers of {n} items")
            names = {name: tuple(about[name]) for name in ("items", "parties", "awaited")}
            return cls(upper=upper, clip=float(about["clip"]), noise=float(about["noise"]), **names)
        except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:
            raise SourceError(
                "sums cannot be read.",
                where=str(path),
                found="no such file" if isinstance(error, FileNotFoundError) else f"{type(error).__name__}: {error}",
                expected="a file of `kgrec federate sums` or `join`",
                next="name another one, or make it again",
            ) from error

    def _check_fits(self, other: ItemSums) -> None:
        wrong = ""
        if self.items != other.items:
            wrong = f"lists of {len(self.items):,} and {len(other.items):,} items that are not the same"
        elif self.clip != other.clip:
            wrong = f"clips of {self.clip:g} and {other.clip:g}"
        elif twice := set(self.parties) & set(other.parties):
            wrong = f"sums of {_named(tuple(twice))} twice"
        elif self.upper.dtype != other.upper.dtype:
            wrong = "masked sums and others"
        if wrong:
            raise SourceError(
                "sums do not add up.",
                found=wrong,
                expected="sums of different platforms with the same list, clip and round",
                next="make them again with what the platforms agreed on",
            )


FRACTION = 32
"""Bits behind the point of masked numbers, which are counted modulo 2^64."""


def _unmasked(upper: Array) -> Array:
    """Numbers whose masks have cancelled."""
    numbers: Array = upper.astype(np.int64) / 2.0**FRACTION
    return numbers


def _check_list(common: Sequence[str]) -> None:
    n = len(common)
    if n > LIMITS.dense_system or len(set(common)) != n or not n:
        raise SourceError(
            "the common list of items cannot be used.",
            found=f"{n:,} ids, {len(set(common)):,} of them distinct",
            expected=f"from 1 to {LIMITS.dense_system:,} ids, none of them twice",
            next="agree on another list, such as the items that most people took",
        )


def _named(parties: Sequence[str]) -> str:
    return ", ".join(party[:12] for party in parties) or "nobody"
