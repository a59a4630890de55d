"""Lists on the authors' split: every item that a user has not taken is ranked, and the test is read once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial

from kgrec.config import TrainConfig
from kgrec.data.splits import Split, cut_at_last
from kgrec.errors import ConfigError
from kgrec.evaluation.baseline_tuning import Budget
from kgrec.progress import Progress
from kgrec_benchmarks.folder_dataset import PublishedSet, sizes_of, split_of
from kgrec_benchmarks.protocols.ablations import ablations
from kgrec_benchmarks.runs.result import Result
from kgrec_benchmarks.runs.run_cache import RunCache
from kgrec_benchmarks.runs.runner import Plan, run, seeds_from
from kgrec_benchmarks.runs.summary import grouped, summarised
from kgrec_benchmarks.runs.time_gap_groups import gap_groups
from kgrec_benchmarks.systems.registry import DEFAULT, OURS, package_of


@dataclass(frozen=True)
class PublishedSplit:
    """Ranking metrics of kgrec and other systems on the split that comes with a data set.

    Every item is a candidate unless the user has taken it. A folder without a validation set has a tenth of train held
    out for it (the latest of each user where times are known); one without a split is cut at random into 6:2:2. Every
    system chooses its settings on validation and is fitted again on train and validation, which are its history at the
    test. Where the validation part is the authors', each system has two more rows of the model of train alone:
    ``NAME_train_fit`` over histories that hold the validation part, as leave-one-out tables are made, and
    ``NAME_train_only`` over histories of train; train and validation are hidden in all.

    Attributes:
        models: names of systems, see :func:`kgrec_benchmarks.systems.registry.named`.
        seeds: number of runs, with seeds ``config.seed``, ``config.seed + 1`` and so on; a system that uses no seed is
            run again only where the seed changes the split.
        ablations: groups of :func:`kgrec_benchmarks.protocols.ablations.ablations` by which kgrec is also taken apart,
            with the first seed: two or three more trainings each.
        budget: what each system but kgrec may try on validation.
    """

    models: tuple[str, ...] = DEFAULT
    seeds: int = 1
    ablations: tuple[str, ...] = ()
    budget: Budget = field(default_factory=Budget)

    def packages(self) -> set[str]:
        """What the systems need beyond kgrec."""
        return {package_of(name) for name in self.models if name != OURS} - {""}

    def split_maker(self, dataset: PublishedSet) -> tuple[Callable[[int], Split], bool]:
        """The split of a seed, and whether its validation part is the same for all seeds because it is the authors'."""
        return partial(split_of, dataset.parts), "valid" in dataset.parts

    def run(self, dataset: PublishedSet, config: TrainConfig, kept: RunCache, progress: Progress) -> Result:
        """Means over the seeds with spread, intervals, costs and, where times are unix seconds, groups by time gap.

        Raises:
            ConfigError: fewer than one seed.
            KgrecError: the split holds nothing to test on, or too little to learn from.
            MissingExtraError: a system needs a package that is not installed.
        """
        seeds = seeds_from(config, self.seeds)
        data = dataset.dataset
        make, own_valid = self.split_maker(dataset)
        plan = Plan(data, make, own_valid, config, self.models, self.seeds, self.budget)
        measuring, taking_apart = progress.parts(1, 2 if self.ablations else 0)
        runs = run(plan, kept, measuring)
        first = runs.splits[0]
        summary = summarised(runs.outcomes, seeds, OURS)
        groups = gap_groups(first, len(data.users))
        timings = {}
        for name, cost in summary["cost"].items():
            timings[name] = cost["tuning_s"] + cost["fit_s"]
            timings[f"ranking with {name}"] = cost["ranking_s"]
        between = {} if first.between is None else {"between": len(first.between)}
        table, notes = None, None
        if self.ablations:
            table, notes = ablations(data, first, config, kept, taking_apart, self.ablations)
        ours = runs.outcomes.get(OURS)
        return Result(
            **summary,
            data=sizes_of(data, train=len(first.train), valid=len(first.valid), **between, test=len(first.test)),
            seed=config.seed,
            seeds=seeds,
            groups=None if groups is None else grouped(runs.outcomes, groups, OURS),
            ablations=table,
            ablation_notes=notes,
            validation=ours[0].validation if ours else {},
            budget=asdict(self.budget),
            timings_s=timings,
        )


@dataclass(frozen=True)
class SplitCutAtLast(PublishedSplit):
    """Lists where nothing is known that was done at the moment of the test or later.

    Some published sets hold out the last purchase and leave in train what was looked at afterwards. Here the last
    purchase of train is to be found, whose moment is known, from what its user had done before; see
    :func:`kgrec.data.splits.cut_at_last`. The published test is later still and plays no part.
    """

    def split_maker(self, dataset: PublishedSet) -> tuple[Callable[[int], Split], bool]:
        """The same split for every seed.

        Raises:
            ConfigError: the set has no train and test of its own, or its times are unknown.
        """
        if not dataset.parts.keys() >= {"train", "test"}:
            raise ConfigError(
                "there is no published split to cut.",
                where=dataset.name,
                found=", ".join(dataset.parts),
                expected="train and test",
                next="choose the protocol split",
            )
        split = cut_at_last(dataset.parts["train"], dataset.parts["test"].kinds_present)
        return lambda seed: split, True
