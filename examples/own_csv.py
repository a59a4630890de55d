"""Your own CSV files: describe them once, check them, import them, train, recommend.

Leaves shop.kgl and shop.bundle in the current folder for the other examples.
"""

from pathlib import Path

import kgrec
from kgrec.pipeline import check_sources

HERE = Path(__file__).parent
FILES = f"tables:{HERE / 'shop'}"  # a folder; the name of each file is the name of its table
SCHEMA = str(HERE / "shop.yaml")  # which columns are what

report = check_sources(SCHEMA, [FILES])
print("check:", report.status)

with kgrec.open_store("kglite:shop.kgl") as store:
    kgrec.ingest(kgrec.load_schema(SCHEMA), [FILES], store)
    print(store.counts())

    bundle = kgrec.train(store, "shop.bundle")
    print("validation ndcg@10:", bundle.manifest.metrics["validation_ndcg@10"])

    with kgrec.Recommender(bundle, store) as recommender:
        for item in recommender.recommend("ada", k=3):
            print(item.rank, item.name, round(item.score, 2))
