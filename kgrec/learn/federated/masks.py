"""Masks that cancel: nobody reads what one platform sends, and the sum of all is what it is (secure aggregation).

Each two platforms agree on a secret (X25519) and draw the same random numbers from it (ChaCha20). One adds them, the
other takes them away, modulo 2^64, so that what each sends is uniform noise to whoever lacks the secrets:

    sends_a = x_a + r_ab + r_ac        sends_b = x_b - r_ab + r_bc        sends_c = x_c - r_ac - r_bc

As Bonawitz et al. 2017 have it, without the part for platforms that drop out: the round is begun again without them.
Numbers are whole ones with 32 bits behind the point, so nothing is lost beyond 2^-33 a platform.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from kgrec.data.dataset import Array
from kgrec.errors import ConfigError, require_extra
from kgrec.learn.federated.item_sums import FRACTION, ItemSums


def new_key(path: Path) -> str:
    """The public key of a new secret one, which is written to a file that only its owner can read.

    Raises:
        ConfigError: the file is there.
        MissingExtraError: the package cryptography is missing.
    """
    _require()
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    key = X25519PrivateKey.generate()
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError as error:
        raise ConfigError(
            "a key is not written over.", where=str(path), found="a file", next="name another one, or keep this key"
        ) from error
    path.write_text(key.private_bytes_raw().hex() + "\n", encoding="ascii")
    return str(key.public_key().public_bytes_raw().hex())


def masked(sums: ItemSums, key: Path, peers: Sequence[str], round_name: str) -> ItemSums:
    """What a platform sends: its sums under masks that cancel when those of all peers are added.

    Args:
        key: file of the platform's secret key.
        peers: public keys of all other platforms of the round, in any order.
        round_name: of this round, the same for all; a name that is used twice betrays what changed in between.

    Raises:
        ConfigError: no key, no peer, or the platform itself among its peers.
        MissingExtraError: the package cryptography is missing.
    """
    _require()
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    try:
        secret = X25519PrivateKey.from_private_bytes(bytes.fromhex(key.read_text(encoding="ascii").strip()))
        others = {peer: X25519PublicKey.from_public_bytes(bytes.fromhex(peer)) for peer in peers}
    except (OSError, ValueError) as error:
        raise ConfigError(
            "a key cannot be read.",
            where=str(key),
            found=str(error),
            expected="a file of `kgrec federate key`, and peers as it printed them",
            next="make a key, or copy the peers again",
        ) from error
    own = secret.public_key().public_bytes_raw().hex()
    if not others or own in others:
        raise ConfigError(
            "masks need other platforms.",
            found="no peer" if not others else "the platform's own key among its peers",
            expected="the public keys of all others",
            next="name each of them with --peer",
        )
    numbers = np.rint(sums.upper * 2.0**FRACTION).astype(np.int64).astype(np.uint64)
    for peer, public in others.items():
        mask = _drawn(secret.exchange(public), f"{round_name} {min(own, peer)} {max(own, peer)}", len(numbers))
        numbers = numbers + mask if own < peer else numbers - mask
    return replace(sums, upper=numbers, parties=(own,), awaited=tuple(sorted({own, *others})))


def _drawn(secret: bytes, about: str, n: int) -> Array:
    """The numbers that two platforms draw from what they share, uint64 ``(n,)``."""
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"kgrec sums {about}".encode()).derive(secret)
    stream = Cipher(ChaCha20(key, bytes(16)), mode=None).encryptor().update(bytes(8 * n))
    return np.frombuffer(stream, np.uint64)


def _require() -> None:
    require_extra("federated", "cryptography", where="masks", instead="share sums without masks")
