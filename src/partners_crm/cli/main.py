"""The entry point: answers `--version` from nothing, and leaves the rest to `cli.app`."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

from partners_crm import __version__


def main() -> None:
    """Run the command line of this process and exit with its code."""
    if sys.argv[1:] == ["--version"]:
        print(f"partners {__version__}")
        return
    collect_seldom()
    from partners_crm.cli.app import run  # --version must not wait for it

    _leave(run(sys.argv[1:], is_last=True))


def _leave(code: int) -> NoReturn:
    """End the process; a plugin that hangs does not hold that up.

    Threads that it may have started are waited for at the end of every Python program, and would be for ever.
    """
    boundary = sys.modules.get("partners_crm.plugins.boundary")
    if boundary is not None and boundary.left_behind():
        from contextlib import suppress  # most programs end otherwise

        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):  # nobody reads it any more
                stream.flush()
        os._exit(code)
    sys.exit(code)


def collect_seldom() -> None:
    """Look for garbage less often: what a start makes lives to its end, and looking every 700 objects costs a tenth."""
    gc.set_threshold(100_000, 50, 50)
