"""The commands: what they ask of the rooms behind them, and what they show."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from kgrec import errors
from kgrec.config import TrainConfig
from kgrec.errors import KgrecError
from tests.support.shop import Said, Shell

COMMANDS = (
    "schema",
    "check",
    "ingest",
    "inspect",
    "train",
    "update",
    "evaluate",
    "recommend",
    "explain",
    "similar",
    "serve",
    "model",
    "compact",
    "key",
    "link",
    "cypher",
    "publish",
    "export",
    "export-person",
    "forget",
    "federate",
    "demo",
    "benchmark",
)


def test_help_names_every_command(shell: Shell) -> None:
    said = shell("--help")
    assert said.code == 0
    listed = said.out.partition("Commands:")[2].partition("Exit codes:")[0]
    assert [line.split()[0] for line in listed.splitlines() if line.strip()] == list(COMMANDS)
    assert shell().out == said.out
    for command in COMMANDS:
        own = shell(command, "-h")
        assert own.out.startswith(f"Usage: kgrec {command} [OPTIONS]")
        assert "--json" in own.out


def test_help_says_every_exit_code(shell: Shell) -> None:
    said = " ".join(shell("--help").out.partition("Exit codes: ")[2].split())
    raised = {one.exit_code for one in vars(errors).values() if isinstance(one, type) and issubclass(one, KgrecError)}
    assert {int(code) for code in re.findall(r"(?:^|, )(\d+) ", said)} == raised | {0, 130}


def test_help_of_train_lists_every_setting(shell: Shell) -> None:
    said = shell("train", "--help").out
    for name, field in TrainConfig.model_fields.items():
        assert f"\n    {name}={field.default}" in said
        assert field.description is not None
        assert field.description in said
    assert "loss=exact_bce  (one of exact_bce, sampled_bce, softmax, gbce)\n" in said


def test_version(shell: Shell) -> None:
    assert shell("--version") == Said(0, "kgrec 0.1.0\n", "")


def test_answering_imports_no_deep_learning_framework(shell: Shell) -> None:
    shell.learned()
    program = (
        "import sys\n"
        "from kgrec.cli.app import main\n"
        "for line in sys.argv[1:]:\n"
        "    try: main(line.split())\n"
        "    except SystemExit as left: assert left.code == 0, line\n"
        "    for name in ('torch', 'torch_geometric', 'transformers'): assert name not in sys.modules, (line, name)\n"
        "    if '--help' in line: assert 'numpy' not in sys.modules\n"
    )
    lines = ["--help", "train --help", "recommend --user ann", "explain --user ann --item empire", "inspect"]
    done = subprocess.run([sys.executable, "-c", program, *lines], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "line",
    ["recommend --user ann", "recommend --user ann --json", "explain --user ann --item empire", "similar empire"],
)
def test_one_answer_imports_what_it_needs_and_no_more(shell: Shell, line: str) -> None:
    shell.learned()
    others = "check", "demo", "ingest", "serve", "train"
    heavy = "kgrec.config", "pandas", "pyarrow", "ray", "scipy.linalg", "scipy.sparse.csgraph", "torch", "yaml"
    program = (
        "import sys\n"
        "from kgrec.cli.app import run\n"
        f"assert run({line.split()}) == 0\n"
        f"unneeded = {[*heavy, *(f'kgrec.cli.commands.{name}' for name in others)]}\n"
        "print([name for name in unneeded if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "[]\n")
