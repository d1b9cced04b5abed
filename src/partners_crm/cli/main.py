"""The entry point: answers `--version` from nothing, and leaves the rest to `cli.app`."""

from __future__ import annotations

import sys

from partners_crm import __version__


def main() -> None:
    """Run the command line of this process and exit with its code."""
    if sys.argv[1:] == ["--version"]:
        print(f"partners {__version__}")
        return
    from partners_crm.cli.app import run  # --version must not wait for it

    sys.exit(run(sys.argv[1:]))
