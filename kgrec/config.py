"""Settings: typed, frozen, a sentence per field. A mistyped name or an impossible value is a ConfigError at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from kgrec.errors import ConfigError

MAX_DROPPED = 0.1
"""Share of a table's rows that an import may leave out: a few bad rows are usual, more mean that ids do not match."""

MAX_REMOVED = 0.5
"""Share of a type's records that an import may remove when it replaces: more mean that a source is not complete."""


class TrainConfig(BaseModel):
    """How a bundle is learned. The defaults are the ones that the published figures were made with."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    seed: int = Field(0, ge=0, lt=2**32, description="The same seed gives the same bundle on one machine's CPU.")
    embedding_dim: int = Field(64, ge=2, description="Width of node embeddings.")
    num_layers: Literal["auto"] | Annotated[int, Field(ge=0, le=4)] = Field(
        "auto",
        description="Hops of the GNN; 0 leaves the facts out of the embeddings; auto tries 1 and 0 on validation.",
    )
    next_item_dim: int = Field(
        64, ge=0, description="Width of the vectors of the channel next_item_factors; 0 leaves that channel out."
    )
    epochs: int = Field(40, ge=1, description="Most epochs; early stopping usually ends before.")
    patience: int = Field(4, ge=1, description="Epochs without a better validation ndcg@10 before stopping.")
    ensemble: int = Field(3, ge=1, description="Trainings from different seeds whose scores are added up.")
    batch_size: int = Field(256, ge=1, description="Users per step.")
    user_shards: int = Field(
        1,
        ge=1,
        le=1024,
        description="Parts of a batch's users, each of which may have a worker of its own: see docs/scale.md. Another "
        "number adds up in another order, which changes last digits.",
    )
    learning_rate: float = Field(5e-3, gt=0, description="Adam's step size.")
    weight_decay: Literal["auto"] | Annotated[float, Field(ge=0)] = Field(
        "auto",
        description="L2 pull on all parameters, through Adam; auto takes 1e-4, or 1e-5 where the loss is sampled.",
    )
    dropout: float = Field(0.5, ge=0, lt=1, description="Share of each history hidden from the encoder in training.")
    free_dropout: float = Field(0.1, ge=0, lt=1, description="Share of items without free embedding in a step.")
    loss: Literal["exact_bce", "sampled_bce", "softmax", "gbce"] = Field(
        "exact_bce", description="Behaviour loss; beyond `exact_items` items the exact ones become sampled_bce."
    )
    exact_items: int = Field(20_000, ge=1, description="Largest catalogue over which the loss is exact.")
    num_negatives: int = Field(
        1024, ge=1, description="Negatives where the loss is sampled: by popularity^.75, or uniform for gbce."
    )
    kg_weight: float = Field(0.1, ge=0, description="Alpha of the joint loss: weight of the KG reconstruction.")
    kg_decoder: Literal["distmult", "transe", "rotate"] = Field("distmult", description="Scoring of a triple.")
    text_weight: float = Field(0.01, ge=0, description="Weight of the alignment of embeddings with texts (InfoNCE).")
    text_encoder: str = Field(
        "minilm",
        description="minilm, minilm-int8, multilingual, hashing, a plug-in's name, none, or the folder of a "
        "transformers model; several with commas between are joined as validation chooses.",
    )
    predict: str = Field(
        "",
        description="Kinds of interactions to find, such as buy, with commas between; what was only met in others, "
        "such as viewed, may then come back. Empty for all kinds: then nothing of the history comes back.",
    )
    cold_item_cost: float = Field(
        0.018,
        ge=0,
        lt=1,
        description="Share of the known items' validation recall@20 and ndcg@10 that cold ones may cost.",
    )
    reason_cost: float = Field(
        0.005,
        ge=0,
        lt=1,
        description="Share of validation ndcg@10 that may go where more of the scores then flows through graph paths.",
    )
    sums: str = Field(
        "",
        description="File of sums of other platforms, see `kgrec federate`, for the channel elsewhere; empty for none.",
    )
    platform_lists: Literal["chosen", "own", "shared"] = Field(
        "chosen",
        description="Of several platforms: own learns each by itself, too, and how much the others count in its lists; "
        "shared makes all lists by one model; chosen takes for each platform what finds more of validation.",
    )
    platform_weights: str = Field(
        "",
        description="How much a platform counts in the lists of another, beside 1 of its own, where validation is not "
        "to choose: electronics<beauty=0.5, several with commas between; 0 closes it.",
    )
    num_threads: int = Field(0, ge=0, description="CPU threads; 0 takes one for each core that it may use.")
    device: Literal["cpu", "cuda"] = Field("cpu", description="Where embeddings are trained; cuda is an NVIDIA GPU.")
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="Of the products in training; bfloat16 is for GPUs that are faster with it."
    )

    @field_validator("kg_decoder")
    @classmethod
    def _halves(cls, decoder: str, info: ValidationInfo) -> str:
        if decoder == "rotate" and info.data.get("embedding_dim", 2) % 2:
            raise ValueError("rotate needs an even embedding_dim, for real and imaginary halves")
        return decoder

    @field_validator("platform_weights")
    @classmethod
    def _weights(cls, text: str) -> str:
        fixed_weights(text)
        return text

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> TrainConfig:
        """Build from a mapping, all problems at once.

        Raises:
            ConfigError: an unknown name or an impossible value.
        """
        try:
            return cls(**settings)
        except ValidationError as error:
            # One entry per setting: the value of a setting that allows words and numbers is tried against both.
            found = {str(p["loc"][0]): (p["msg"], p["input"]) for p in error.errors()}
            problems = [f"{name}: {message}, found {value!r}" for name, (message, value) in found.items()]
            raise ConfigError(
                f"{len(problems)} setting(s) cannot be used.",
                where="training settings",
                found="; ".join(problems),
                expected="names and ranges as `kgrec train --help` lists them",
                next="correct them and run again",
            ) from error


def fixed_weights(text: str) -> dict[tuple[str, str], float]:
    """Weights that were fixed by hand, by the platform whose lists they are for and the other one.

    Raises:
        ValueError: the text cannot be read.

    Example:
        >>> fixed_weights("electronics<beauty=0.5, beauty<electronics=0")
        {('electronics', 'beauty'): 0.5, ('beauty', 'electronics'): 0.0}
    """
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        names, _, weight = part.rpartition("=")
        target, _, source = (name.strip() for name in names.partition("<"))
        try:
            value = float(weight)
        except ValueError:
            value = -1.0
        if not target or not source or target == source or not 0 <= value < float("inf"):
            raise ValueError(f"{part!r} is no weight such as electronics<beauty=0.5")
        found[target, source] = value
    return found
