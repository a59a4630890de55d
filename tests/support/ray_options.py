"""What `ray start` can be told. It is asked as a program: its modules put streams of their own in the place of ours."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


def options_of_ray_start() -> set[str]:
    """Names of its options, with the dashes."""
    program = Path(sys.executable).with_name("ray")
    said = subprocess.run([program, "start", "--help"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^\s+(--[a-z-]+)", said, re.MULTILINE))
