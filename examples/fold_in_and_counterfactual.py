"""Somebody who is in no log: the same arithmetic from a history that is given, and what each of its items is worth.

Run own_csv.py first: it leaves shop.kgl and shop.bundle in the current folder.
"""

import kgrec

with kgrec.Recommender.open("shop.bundle", "kglite:shop.kgl") as recommender:
    history = ["rope", "chalk", "stove"]
    before = recommender.recommend(history=history, k=3)
    print("from", history, "->", [item.item for item in before])

    # The strongest item of the history is left out and everything is scored again.
    what_if = recommender.explain(history=history, item=before[0].item).counterfactual
    assert what_if is not None
    print(f"without {what_if.name}, {before[0].name} falls from rank {what_if.rank_before} to {what_if.rank_after}")

    # It is exact: recommending from the shorter history by hand gives the same score.
    shorter = [item for item in history if item != what_if.uid]
    assert abs(recommender.score(items=[before[0].item], history=shorter)[0] - what_if.score) < 1e-9

    # Times and kinds count where they are known; nothing is stored about the person.
    recent = [kgrec.PastInteraction("rope", "view", time=1.0), kgrec.PastInteraction("stove", "buy", time=2.0)]
    print("bought a stove last ->", [item.item for item in recommender.recommend(history=recent, k=3)])
