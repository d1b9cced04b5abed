"""What the last run of a rule left open on this machine, so that the next one can say what was lost and gained.

This is a person's own state, not the coalition's data: a check from cron writes no operation that an undo would meet.
One file of mode 0600 for each coalition holds the keys of what was found, such as OCD ids, and no name of anybody.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from partners_crm.model import Operation
from partners_crm.store.open import Handle
from partners_crm.store.read import tuples

FOLDER = "last-runs"
"""Name of the folder in a person's data folder."""
SCHEMA_VERSION = 1
KEPT = 200
"""Runs that a file holds at most, the newest of them: a rule whose terms changed leaves its old one behind."""
MAX_BYTES = 64 * 1024 * 1024
"""A larger file is none of ours: a run leaves some thousand keys at most."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What was run: two runs are compared when all of this is the same."""

    name: str
    """Of the saved rule; "" for a rule that is not saved."""
    kind: str
    """The check."""
    terms: str
    as_of: str = ""
    """The day that was named; "" where it was the present day."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run left open."""

    at: str
    """When it was last answered, UTC, ISO 8601; "" where it never was."""
    findings: frozenset[str]
    """Keys of what is proven wrong."""
    doubts: frozenset[str]
    """Keys of what nobody can tell."""
    map: str = ""
    """Code and sha256 of the map it was answered on; "" where it asks none."""
    undecided: str = ""
    """When it was asked since without having an answer, UTC, ISO 8601; "" where the last run answered it."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How two runs differ, by keys."""

    lost: frozenset[str]
    """Worse than before: found now, or in doubt where nothing was."""
    gained: frozenset[str]
    """Better than before: well now, or in doubt where it was found."""


def compare(before: Run, now: Run) -> Compared:
    """What was lost and gained between two runs."""
    old, new = _rank(before), _rank(now)
    keys = old.keys() | new.keys()
    return Compared(
        frozenset(key for key in keys if new.get(key, 0) > old.get(key, 0)),
        frozenset(key for key in keys if new.get(key, 0) < old.get(key, 0)),
    )


def coalition_uid(db: Handle) -> str:
    """What a coalition is known by: the uid of its first operation; "" where that is lost."""
    found = tuples(db, Operation.select(Operation.uid).order_by(Operation.id).limit(1))
    return str(found[0][0]) if found else ""


def file_of(folder: Path, database: Path, coalition: str) -> Path:
    """The file of the runs of a coalition: another one may lie in the same place some day."""
    whose = hashlib.sha256(f"{coalition}\0{database.absolute()}".encode("utf-8", "surrogateescape")).hexdigest()
    return folder / f"{whose[:24]}.json"


def recall(path: Path, coalition: str) -> tuple[dict[Subject, Run], str]:
    """The last runs by what was run, and a word for the person where the file is none of ours and was ignored."""
    try:
        text = _text(path)
    except FileNotFoundError:
        return {}, ""
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        return {}, f"{path} is ignored, it cannot be read: {reason}"
    try:
        found = json.loads(text)
        if found["schema_version"] != SCHEMA_VERSION or found["coalition"] != coalition:
            return {}, f"{path} is ignored: it is of another version or coalition"
        return dict(map(_read, found["runs"])), ""
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}, f"{path} is ignored: it is damaged"


def remember(path: Path, coalition: str, runs: Mapping[Subject, Run]) -> str:
    """Keep runs beside those of other rules; a word for the person where the disk refuses."""
    # Read again: another program may have kept a run of another rule meanwhile.
    known = {**recall(path, coalition)[0], **runs}
    newest = sorted(known.items(), key=lambda each: max(each[1].at, each[1].undecided), reverse=True)[:KEPT]
    written = {
        "schema_version": SCHEMA_VERSION,
        "coalition": coalition,
        "runs": [
            {**asdict(subject), **asdict(run), "findings": sorted(run.findings), "doubts": sorted(run.doubts)}
            for subject, run in newest
        ],
    }
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(written, stream)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except OSError as error:
        return f"this run is not remembered: {error.filename or path}: {error.strerror}"
    return ""


def _text(path: Path) -> str:
    # Neither a link to another file nor a pipe that never ends.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_BYTES:
            raise ValueError("it is no file of this program")
        return stream.read().decode("utf-8")


def _read(entry: Any) -> tuple[Subject, Run]:
    words = [entry[name] for name in ("name", "kind", "terms", "as_of", "at")]
    words += [entry.get(name, "") for name in ("map", "undecided")]
    keys = [entry[name] for name in ("findings", "doubts")]
    if not all(isinstance(each, list) for each in keys):
        raise TypeError
    if not all(isinstance(each, str) for each in (*words, *keys[0], *keys[1])):
        raise TypeError
    *subject, at, on, undecided = words
    for instant in {at, undecided} - {""} or {""}:  # one of them is always there
        datetime.fromisoformat(instant)
    return Subject(*subject), Run(at, frozenset(keys[0]), frozenset(keys[1]), on, undecided)


def _rank(run: Run) -> dict[str, int]:
    return {**dict.fromkeys(run.doubts, 1), **dict.fromkeys(run.findings, 2)}
