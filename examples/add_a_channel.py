"""A channel of your own: products of the same maker speak for each other, and the parts still add up.

Run own_csv.py first: it leaves shop.kgl and shop.bundle in the current folder. The gate weight is set by hand here.
"""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import sparse

import kgrec
from kgrec.scoring.gates import Gates
from kgrec.scoring.matrices import SparseMatrix
from kgrec.scoring.model import Channel

bundle = kgrec.Bundle.load("shop.bundle")
with open(Path(__file__).parent / "shop/facts.csv", encoding="utf-8") as file:
    maker = {row["head"]: row["tail"] for row in csv.DictReader(file) if row["relation"] == "made by"}
makers = np.array([maker[item] for item in bundle.items])
same = (makers[:, None] == makers[None, :]) & ~np.eye(len(makers), dtype=bool)  # M[j, i]: how much j speaks for i
channel = Channel("same_maker", SparseMatrix(sparse.csr_matrix(same.astype(np.float32))))

known, cold = bundle.model.gates.by_history, bundle.model.gates.cold
weight = np.full((*known.channels.shape[:2], 1), 0.3)  # by pause, by length of the history
gates = Gates(
    replace(known, channels=np.concatenate([known.channels, weight], axis=2)),
    replace(cold, channels=np.append(cold.channels, 0.3), min_spread=np.append(cold.min_spread, 0.5)),
)
model = replace(bundle.model, channels=(*bundle.model.channels, channel), gates=gates)
replace(bundle, model=model).save("own.bundle")

with kgrec.Recommender.open("own.bundle", "kglite:shop.kgl") as recommender:
    why = recommender.recommend("ada", k=1, explain=True)[0].explanation
    assert why is not None
    assert abs(why.base + sum(part.value for part in why.contributions) - why.score) < 1e-5
    print(why.name, {name: round(value, 3) for name, value in why.channels.items()})
