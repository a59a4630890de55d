"""What killed processes leave: files and folders with the number of their process in the name."""

from __future__ import annotations

import os


def may_run(pid: str) -> bool:
    """Whether there is a process of a number, or may be; a text that is no number is nobody's to remove."""
    try:
        if pid.isdecimal():
            os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass  # it is somebody else's
    return True
