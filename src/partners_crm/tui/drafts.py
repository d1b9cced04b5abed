"""What was typed into a form and not saved, kept over the end of the program: a quit, a closed terminal, a crash.

One file of mode 0600 for each coalition, in the person's data folder: it must be there when the coalition's own folder
is not. It goes when its form is saved or given up.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Draft:
    """One form that was not saved."""

    entity: str
    record: int | None
    """Id of the record that was being edited; None for a new one."""
    preset: dict[str, Any]
    given: dict[str, str]
    """What stood in each line that was changed, before."""
    typed: dict[str, str]
    at: str
    """UTC, ISO 8601."""
    uid: str = ""
    """Of the record: another one may have its id by now."""
    coalition: str = ""
    """The uid of the coalition's first operation: another one may lie in its place by now."""

    def is_about(self, other: Draft) -> bool:
        """Whether another draft is of the same form."""
        return (self.entity, self.record, self.preset) == (other.entity, other.record, other.preset)

    def says(self, other: Draft) -> bool:
        """Whether another draft holds the same, whenever it was typed."""
        return replace(self, at="") == replace(other, at="")


def draft_file(folder: Path, database: Path) -> Path:
    """The file of a coalition's drafts."""
    return folder / f"draft-{hashlib.sha256(str(database.absolute()).encode()).hexdigest()[:16]}.json"


def keep(folder: Path, database: Path, drafts: list[Draft]) -> bool:
    """Write the drafts down, in place of those of before; False when the disk refuses."""
    path = draft_file(folder, database)
    temporary = path.with_suffix(".new")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(
                {"schema_version": 1, "database": str(database), "drafts": [asdict(each) for each in drafts]}, stream
            )
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError:
        return False
    return True


def kept(folder: Path, database: Path) -> list[Draft]:
    """The drafts of a coalition; none where the file cannot be read as ours."""
    try:
        found = json.loads(draft_file(folder, database).read_text("utf-8"))
        drafts = [Draft(**each) for each in found["drafts"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return drafts


def drop(folder: Path, database: Path) -> None:
    """Forget the drafts of a coalition."""
    with suppress(OSError):
        draft_file(folder, database).unlink(missing_ok=True)
