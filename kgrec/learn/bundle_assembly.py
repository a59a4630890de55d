"""A learned model put together with what it needs to answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from kgrec.bundle.bundle import Bundle, Manifest
from kgrec.bundle.package_versions import package_versions
from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset
from kgrec.learn.fit_result import FitResult
from kgrec.learn.limits import LIMITS
from kgrec.metrics.drift import reference_distributions
from kgrec.schema.model import GraphSchema


def to_bundle(
    dataset: Dataset,
    learned: FitResult,
    config: TrainConfig,
    *,
    schema: GraphSchema | None = None,
    graph_id: str | None = None,
    metrics: Mapping[str, Any] | None = None,
) -> Bundle:
    """A bundle: the model with the ids, the names and the interactions that answers are made from.

    Args:
        schema, graph_id: of the graph that the data set was read from; None where it came from elsewhere.
        metrics: further entries for the manifest, beside the quality on the interactions that were held out.
    """
    times, model = dataset.interactions.time, learned.model.compact()
    known = times[~np.isnan(times)]
    manifest = Manifest(
        schema=schema,
        graph_id=graph_id,
        settings={**config.model_dump(), "chosen": learned.chosen.as_dict(), "limits": LIMITS.as_dict()},
        seed=config.seed,
        versions=package_versions(),
        data_cutoff=float(known.max()) if len(known) else None,
        metrics={"validation_ndcg@10": learned.metrics, "reasons": learned.reasons, **(metrics or {})},
        training=learned.log,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        reference=reference_distributions(model, dataset.behaviour, config.seed),
    )
    return Bundle(
        manifest=manifest,
        model=model,
        users=dataset.users,
        items=dataset.items,
        nodes=dataset.nodes,
        names=dataset.names,
        relations=dataset.facts.relations,
        interactions=dataset.behaviour,
        node_embeddings=learned.embeddings.nodes,
        relation_embeddings=learned.embeddings.relations[: len(dataset.facts.relations)],
        names_by_language=dataset.names_by_language,
        persons=dataset.persons,
        ending=dataset.facts.select(~np.isnan(dataset.facts.until)),
    )
