"""A score taken apart: its contributions add up to it, its paths are in the graph, and its words are readable.

Run own_csv.py first: it leaves shop.kgl and shop.bundle in the current folder.
"""

import kgrec

with kgrec.Recommender.open("shop.bundle", "kglite:shop.kgl") as recommender:
    best = recommender.recommend("ada", k=1)[0]
    why = recommender.explain("ada", best.item)

    print(f"{why.name} has {why.score:.3f}: base {why.base:.3f}")
    for part in why.contributions:
        print(f"  {part.value:+.3f}  {part.name}, through {part.channel}")
    assert abs(why.base + sum(part.value for part in why.contributions) - why.score) < 1e-5

    print("in words:", kgrec.sentence(why))
    print("in Chinese:", kgrec.sentence(why, "zh"))
    for path in why.paths:
        print("path:", " - ".join([path.walk.steps[0].source.name, *(step.target.name for step in path.walk.steps)]))
    print("to paste into Neo4j Browser:", why.cypher, sep="\n")
