"""The same on a Neo4j server: import, train, and write the lists back so that plain Cypher can use them.

`make neo4j` starts a server and prints the lines to set: KGREC_NEO4J_USER, KGREC_NEO4J_PASSWORD and the URL.
"""

import sys
from pathlib import Path

import kgrec
from kgrec.config import TrainConfig

HERE = Path(__file__).parent
url = sys.argv[1] if len(sys.argv) > 1 else "neo4j://127.0.0.1:7687/neo4j"

with kgrec.open_store(url) as store:
    kgrec.ingest(kgrec.load_schema(str(HERE / "shop.yaml")), [f"tables:{HERE / 'shop'}"], store)
    bundle = kgrec.train(store, config=TrainConfig(epochs=5, ensemble=1))  # short, for an example
    kgrec.publish(bundle, store, k=5)

    print("who else bought the stove:", store.run("who_else", item="stove", limit=3))
    with kgrec.Recommender(bundle, store) as recommender:
        why = recommender.recommend("ada", k=1, explain=True)[0].explanation
        assert why is not None
        print("paste this into Neo4j Browser:", why.cypher, sep="\n")
print("docs/neo4j.md has statements that read what was published, such as the best items of a user that pass a filter")
