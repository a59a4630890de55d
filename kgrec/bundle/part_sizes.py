"""What the parts of a bundle take on the disk, by what is in them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from kgrec.bundle.files import ARRAYS, IDS, MANIFEST
from kgrec.bundle.mapped_arrays import mapped_arrays


def part_sizes(folder: Path) -> dict[str, int]:
    """Bytes of each part, the largest first: matrices by their channel, interactions, embeddings, ids and names.

    Arrays of the model of a platform are one part, and so are the two files beside the arrays.
    """
    sizes: Counter[str] = Counter()
    arrays = mapped_arrays(folder / ARRAYS)
    for name, array in arrays.items():
        sizes["ids and names" if name.startswith("texts.") else name.partition(".")[0]] += array.nbytes
    sizes["ids and names"] += (folder / IDS).stat().st_size
    in_arrays = sum(array.nbytes for array in arrays.values())
    sizes["manifest"] = (folder / MANIFEST).stat().st_size + (folder / ARRAYS).stat().st_size - in_arrays
    return dict(sizes.most_common())
