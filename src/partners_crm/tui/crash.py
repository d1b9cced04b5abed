"""The report of a crash: what broke and where, without any value of the person's data."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from partners_crm import __version__

CRASHES_KEPT = 10


def write_crash(folder: Path | None, error: BaseException | None) -> Path | None:
    """A report of a crash: versions, the kind of error and its frames, no values and no message from data.

    The file has mode 0600; the newest ten are kept.
    """
    if folder is None or error is None:
        return None
    frames = "".join(
        f"  {frame.filename}:{frame.lineno} {frame.name}\n" for frame in traceback.extract_tb(error.__traceback__)
    )
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    text = f"partners {__version__}, Python {sys.version.split()[0]}, {sys.platform}\n{type(error).__name__}\n{frames}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"crash-{stamp}.txt"
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as stream:
            stream.writelines([text])
        for old in sorted(folder.glob("crash-*.txt"))[:-CRASHES_KEPT]:
            with contextlib.suppress(OSError):
                old.unlink()
    except OSError:
        return None
    return path
