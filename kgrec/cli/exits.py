"""How a command ends: its exit code, what is said of an error, ctrl-c, and a reader that goes away."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

import typer

from kgrec.cli.output import note, print_json
from kgrec.errors import ConfigError, KgrecError, shorten
from kgrec.plain_text import visible

EXIT_CODES = (
    "0 done, 1 unexpected, 2 usage or settings, 3 data, 4 store, 5 unknown id, 6 an import that left out every row of "
    "a type, 7 a result that is worse than what is there, which stays, 130 stopped by ctrl-c"
)


class ResumableStop(KeyboardInterrupt):
    """Ctrl-c during work that goes on where it was when the same command is run again."""


@contextmanager
def resumable(when: bool = True) -> Iterator[None]:
    """Say of the work inside, if it is stopped by ctrl-c, that the same command continues it.

    Args:
        when: whether this is so.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        raise (ResumableStop if when else KeyboardInterrupt) from stop


def exit_code(app: typer.Typer, arguments: Sequence[str]) -> int:
    """The exit code of a command line that was run; errors are said, not raised.

    Raises:
        BrokenPipeError: nobody reads stdout any more.
    """
    command, as_json = typer.main.get_command(app), "--json" in arguments
    try:
        with command.make_context("kgrec", list(arguments) or ["--help"]) as context:
            command.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    except KgrecError as error:
        _say(error, as_json)
        return error.exit_code
    except typer.TyperException as error:
        _say(_usage(error), as_json)
        return ConfigError.exit_code
    except KeyboardInterrupt as stop:
        continues = isinstance(stop, ResumableStop)
        note("stopped; run the same command again to continue" if continues else "stopped")
        return 130
    except BrokenPipeError:
        raise
    except Exception as error:
        if os.environ.get("KGREC_DEBUG"):
            traceback.print_exc()
        _say_unexpected(error, as_json)
        return 1
    return 0


def leave(run: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> NoReturn:
    """End the process with the exit code that ``run`` gives for a command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a title that the terminal cannot show is no error
    try:
        code = run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has enough of it. Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


def _say(error: KgrecError, as_json: bool) -> None:
    """An error on stderr and, with ``as_json``, as JSON on stdout."""
    if as_json:
        print_json(error.as_dict())
    note(visible(str(error), keep="\n"))


def _usage(error: typer.TyperException) -> ConfigError:
    """What typer says of a wrong command line, in the form of every other error."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "kgrec"
    # What a converter of values says comes through with a label that helps nobody.
    return ConfigError(
        error.format_message().replace("Value error, ", ""), where=command, next=f"see `{command} --help`"
    )


def _say_unexpected(error: Exception, as_json: bool) -> None:
    """One line that kgrec has a fault, and, with ``as_json``, JSON on stdout as for any other error."""
    kind, what = type(error).__name__, shorten(" ".join(str(error).split()) or "no message")
    advice = "please report it, with the traceback that KGREC_DEBUG=1 shows"
    if as_json:
        print_json(KgrecError(what, next=advice).as_dict() | {"error": kind})
    note(visible(f"kgrec stopped at an unexpected {kind}: {what}; {advice}"))
