"""Small JSON files of a person: read with a bound, replaced whole, readable by their owner alone."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

_numbers = count(1)
MAX_BYTES = 4 * 1024 * 1024
"""A larger file is none of ours."""


def read_json(path: Path) -> Any:
    """What a file holds.

    Raises:
        OSError: it is not there, or cannot be read.
        ValueError: it is no JSON, or too large for one of ours.
    """
    with path.open("rb") as stream:
        raw = stream.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise ValueError("it is larger than any of ours")
    try:
        return json.loads(raw.decode("utf-8"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def write_json(path: Path, value: Any) -> None:
    """Replace a file whole, with mode 0600; its folder is made where it is missing.

    Raises:
        OSError: the folder or its disk refuses.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Of each writer its own: threads and programs that write at once do not take each other's draft.
    draft = path.with_name(f"{path.name}.{os.getpid()}-{next(_numbers)}.new")
    try:
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        draft.unlink()  # left by a program that ended in the middle and had the same number
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(value, stream, indent=1)
            stream.write("\n")
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """Read a file, change it and write it within the block: no other program does so meanwhile.

    Raises:
        OSError: the folder refuses.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The folder is locked: a lock on the file would be one on what is about to be replaced.
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
