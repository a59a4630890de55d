"""The pinned packages against the database of known vulnerabilities (OSV), as `make check` does it.

    python -m tools.dependency_audit [constraints.txt]

It fails where a package has a known vulnerability. Where the database cannot be reached, it says so and does not fail:
without a network the other checks go on.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence

_TIMEOUT_S = 120
_OPTIONS = ("--no-deps", "--disable-pip", "--vulnerability-service", "osv", "--timeout", "5", "--format", "json")

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


def audited(requirements: str, run: Run) -> tuple[int, str]:
    """Exit code, and what is to be said."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", requirements, *_OPTIONS, "--progress-spinner", "off"]
    try:
        done = run(command)
        packages = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError) as error:
        why = type(error).__name__ if isinstance(error, subprocess.TimeoutExpired) else _last_line(done.stderr)
        return 0, f"audit skipped: the database of known vulnerabilities cannot be asked here ({why})"
    looked_at = [one for one in packages if "vulns" in one]
    known = [
        f"{one['name']} {one['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions']) or 'none yet'}"
        for one in looked_at
        for fault in one["vulns"]
    ]
    if known:
        return 1, "\n".join(["known vulnerabilities:", *known])
    if not looked_at:
        return 0, "audit skipped: the database of known vulnerabilities knows none of the packages here"
    return 0, f"audit: no known vulnerability in {len(looked_at)} packages"


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)


def _last_line(text: str) -> str:
    return next(reversed(text.strip().splitlines()), "it said nothing")[:200]


def main(arguments: Sequence[str]) -> None:
    """Audit a file of pinned packages."""
    code, said = audited(arguments[0] if arguments else "constraints.txt", _run)
    sys.stderr.write(f"{said}\n")
    raise SystemExit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
