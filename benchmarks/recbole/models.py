"""Trains RecBole's models on written files; run by race.py with the Python of an environment that has RecBole.

    pip install recbole==1.2.0 torch==2.2.1 dgl==2.1.0 numpy==1.26.4 scipy==1.11.4 pandas==2.1.4 kmeans-pytorch

RecBole 1.2.0 does not know these versions of DGL, and needs torch-scatter for KGIN, of which there are no wheels for
many machines. Two names of DGL and one function of torch-scatter are therefore given here.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import types
from pathlib import Path

import numpy as np
import torch

_LIST = 20


def _fill_in() -> None:
    try:
        import dgl
    except ImportError:
        pass
    else:
        subgraph = dgl.edge_subgraph

        def edge_subgraph(graph, edges, preserve_nodes=False, **named):  # its name until DGL 0.7
            return subgraph(graph, edges, **({"relabel_nodes": not preserve_nodes} | named))

        dgl.edge_subgraph = edge_subgraph
        dgl.DGLGraph.adjacency_matrix = lambda self, transpose, scipy_fmt: self.adj_external(
            transpose, scipy_fmt=scipy_fmt
        )
    scatter = types.ModuleType("torch_scatter")

    def scatter_mean(src, index, dim_size, dim=0):
        sums = src.new_zeros(dim_size, src.shape[1]).index_add(dim, index, src)
        return sums / torch.bincount(index, minlength=dim_size).clamp(min=1)[:, None]

    scatter.scatter_mean = scatter_mean
    sys.modules.setdefault("torch_scatter", scatter)


def train(folder: Path, name: str, model_name: str, rate: float, epochs: int, patience: int, width: int) -> dict:
    """Train one model with early stopping; its validation value, its seconds and its lists of the test users."""
    from recbole.config import Config
    from recbole.data import create_dataset, data_preparation
    from recbole.data.interaction import Interaction
    from recbole.utils import get_model, get_trainer, init_seed

    knows_graph = model_name in ("KGAT", "KGIN")
    columns = {"inter": ["user_id", "item_id"]}
    if knows_graph:
        columns |= {"kg": ["head_id", "relation_id", "tail_id"], "link": ["item_id", "entity_id"]}
    config = Config(
        model=model_name,
        dataset=name,
        config_dict={
            "data_path": str(folder),
            "benchmark_filename": ["train", "valid", "test"],
            "load_col": columns,
            "embedding_size": width,
            "kg_embedding_size": width,
            "layers": [width],
            "n_layers": 1 if model_name == "KGAT" else 2,
            "learning_rate": rate,
            "epochs": epochs,
            "stopping_step": patience,
            "metrics": ["NDCG"],
            "topk": [10],
            "valid_metric": "NDCG@10",
            "eval_args": {"group_by": "user", "order": "RO", "mode": "full", "split": {"RS": [8, 1, 1]}},
            "use_gpu": False,
            "show_progress": False,
            "state": "ERROR",
            "checkpoint_dir": str(folder / "saved"),
        },
    )
    init_seed(0, True)
    dataset = create_dataset(config)
    parts = data_preparation(config, dataset)
    model = get_model(model_name)(config, parts[0]._dataset).to("cpu")
    trainer = get_trainer(config["MODEL_TYPE"], model_name)(config, model)
    seconds = []
    epoch = trainer._train_epoch

    def timed(*args, **named):
        start = time.perf_counter()
        loss = epoch(*args, **named)
        seconds.append(time.perf_counter() - start)
        sys.stderr.write(f"{model_name}, rate {rate:g}: epoch {len(seconds)}, {seconds[-1]:.2f} s\n")
        return loss

    trainer._train_epoch = timed
    start = time.perf_counter()
    best, _ = trainer.fit(parts[0], parts[1], verbose=False, saved=True)
    whole = time.perf_counter() - start
    model.load_state_dict(torch.load(trainer.saved_model_file)["state_dict"])
    model.eval()
    seen: dict[str, list[str]] = {}
    for part in ("train", "valid"):
        for user, item in _pairs(folder / name / f"{name}.{part}.inter"):
            seen.setdefault(user, []).append(item)
    users = sorted({user for user, _ in _pairs(folder / name / f"{name}.test.inter")})
    users = [user for user in users if user in dataset.field2token_id["user_id"]]
    tokens = dataset.field2id_token["item_id"]
    place = dataset.field2token_id["item_id"]
    known = {item for items in seen.values() for item in items}
    closed = [
        number for number, token in enumerate(tokens) if token not in known
    ]  # padding, and items of the test alone
    lists = {}
    with torch.no_grad():
        for user in users:
            row = Interaction({"user_id": torch.tensor([dataset.field2token_id["user_id"][user]])})
            scores = model.full_sort_predict(row).view(-1).numpy().copy()
            scores[closed] = -np.inf
            scores[[place[item] for item in seen.get(user, []) if item in place]] = -np.inf
            lists[user] = [str(tokens[item]) for item in np.argsort(-scores, kind="stable")[:_LIST]]
    return {"valid_ndcg@10": float(best), "epoch_seconds": seconds, "seconds": whole, "rate": rate, "lists": lists}


def _pairs(path: Path) -> list[tuple[str, str]]:
    lines = path.read_text().splitlines()[1:]
    return [(user, item) for user, item in (line.split("\t") for line in lines)]


def main() -> None:
    """Train every model with every rate, keep the best on validation, print JSON."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("name")
    arguments.add_argument("--models", required=True)
    arguments.add_argument("--rates", required=True)
    arguments.add_argument("--epochs", type=int, required=True)
    arguments.add_argument("--patience", type=int, required=True)
    arguments.add_argument("--width", type=int, required=True)
    given = arguments.parse_args()
    _fill_in()
    found = {}
    for model in given.models.split(","):
        runs = [
            train(given.folder, given.name, model, float(rate), given.epochs, given.patience, given.width)
            for rate in given.rates.split(",")
        ]
        found[model] = max(runs, key=lambda run: run["valid_ndcg@10"])
    (given.folder / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
