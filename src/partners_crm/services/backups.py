"""Backups without thinking of them: one on each day that follows a change, thinned out with age, and the way back.

A day's backup is made before its first write, so it holds the whole of the day before. What is kept: the newest of
each of the last 7 days, 4 weeks and 12 months that have one; of the backups made before a restore or a migration the
newest 5 of each kind; what a person asked for is never deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path

from partners_crm.errors import ConfigError, SchemaTooNew, StoreUnavailable
from partners_crm.services.settings import zone
from partners_crm.store import copying, journal, replacing
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.copying import Backup
from partners_crm.store.locks import Word
from partners_crm.store.open import SCHEMA_VERSION, Handle, silent

DAILY = "daily"
BY_HAND = "by-hand"
BEFORE_RESTORE = "before-restore"
SET_UP = 1
"""A coalition with this operation alone holds nothing that could be lost."""
OTHERS_KEPT = 5

_Bucket = Callable[[date], tuple[int, ...]]
_KEPT: tuple[tuple[int, _Bucket], ...] = (
    (7, lambda day: (day.toordinal(),)),
    (4, lambda day: day.isocalendar()[:2]),
    (12, lambda day: (day.year, day.month)),
)
"""How many days, weeks and months have a backup each."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did."""

    backup: Backup
    safety: Path | None
    """Where the coalition of before is kept; None when there was none."""
    whole: bool
    """Whether that is a verified backup; else it is the damaged file as it was."""
    before: int | None
    """The newest operation of before; None when it could not be read."""


def back_up(db: Handle, folder: Path | None = None, *, clock: Clock = utc_now) -> Backup:
    """Back a coalition up into a folder, by default its own, verified; the backup is never deleted by the program.

    Raises:
        ConfigError: the folder is a file.
        StoreUnavailable, PermissionRefused: the folder or its disk refuses; nothing is left there.
        StoreDamaged: the coalition is not whole.
    """
    folder = folder or copying.backups_of(db.path)
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file, not a folder", "name a folder: partners backup FOLDER")
    return copying.back_up(db, folder, BY_HAND, clock=clock)


def back_up_daily(db: Handle, *, clock: Clock = utc_now) -> Backup | None:
    """Make the day's backup where it is due, and delete those that have had their time; None where it is not.

    Raises:
        StoreError, PermissionRefused: the backup could not be made; the coalition is as it was.
    """
    if db.read_only or not is_due(db, clock):
        return None
    made = copying.back_up(db, copying.backups_of(db.path), DAILY, clock=clock)
    tidy(copying.backups_of(db.path), zone(db))
    return made


def is_due(db: Handle, clock: Clock = utc_now) -> bool:
    """Whether today has no daily backup yet, and none holds what the coalition is now."""
    last = journal.end(db)
    if last.operation <= SET_UP:
        return False
    here = zone(db)
    today = clock().astimezone(here).date()
    dailies = [each for each in copying.known_backups(copying.backups_of(db.path)) if each.why == DAILY]
    return not any(
        day_of(each, here) == today or (each.operation, each.hash) == (last.operation, last.hash) for each in dailies
    )


def tidy(folder: Path, here: tzinfo, *, of: str = "", spare: Path | None = None) -> list[Backup]:
    """Delete the backups of a folder that have had their time, all or `of` one kind, and give them; never `spare`."""
    backups = [each for each in copying.known_backups(folder) if of in ("", each.why)]
    kept = {each.path for each in to_keep(backups, here)}
    gone = [each for each in backups if each.path not in kept]
    if spare is not None and spare.exists():
        gone = [each for each in gone if not each.path.samefile(spare)]
    for each in gone:
        with suppress(OSError):  # one that cannot be deleted now is deleted another day
            copying.delete_backup(each)
    return gone


def to_keep(backups: Iterable[Backup], here: tzinfo) -> list[Backup]:
    """Those of the backups, newest first, whose time has not come; days are those of a time zone."""
    kept: list[Backup] = []
    seen: list[set[tuple[int, ...]]] = [set() for _ in _KEPT]
    others: dict[str, int] = {}
    for each in backups:
        if each.why == BY_HAND:
            kept.append(each)
        elif each.why != DAILY:
            others[each.why] = others.get(each.why, 0) + 1
            if others[each.why] <= OTHERS_KEPT:
                kept.append(each)
        else:
            wanted = False
            for (count, bucket), taken in zip(_KEPT, seen, strict=True):
                key = bucket(day_of(each, here))
                if key not in taken and len(taken) < count:
                    taken.add(key)
                    wanted = True
            if wanted:
                kept.append(each)
    return kept


def day_of(backup: Backup, here: tzinfo) -> date:
    """The day a backup was made, in a time zone."""
    return datetime.fromisoformat(backup.at).astimezone(here).date()


def find_backup(path: Path, name: Path) -> Path:
    """The backup a person names: a path, or the name of a file in the coalition's own folder of backups.

    Raises:
        StoreUnavailable: there is no such file.
    """
    for place in (name, copying.backups_of(path) / name.name if len(name.parts) == 1 else name):
        if place.is_file():
            return place
    if name.is_dir():
        raise StoreUnavailable(f"{name} is a folder", "name one of the backups in it")
    raise StoreUnavailable(f"there is no backup {name}", "list what there is with: partners restore")


def restore(path: Path, source: Path, *, other: bool = False, word: Word = silent, clock: Clock = utc_now) -> Restored:
    """Put a backup, or any whole copy, in the place of a coalition; what is there now is kept as a backup first.

    With `other` it may be of another coalition than the one that is there, and that may be any file.

    Raises:
        StoreUnavailable: there is no such backup, or the disk refuses.
        StoreDamaged: the backup is damaged, or is not what its description says.
        SchemaTooNew: a newer version of the program made it.
        StoreLocked: a program has the coalition open.
        ConfigError: the backup is the coalition itself, or of another one, or what is there is no coalition.
    """
    path = path.resolve() if path.is_symlink() else path
    if path.exists() and source.exists() and path.samefile(source):
        raise ConfigError(f"{source} is the coalition itself", "name a backup: partners restore lists them")
    word(f"looking at all of {source}")
    backup = copying.verified(source)
    if backup.schema > SCHEMA_VERSION:
        raise SchemaTooNew(
            f"{source} was made by a newer version (schema {backup.schema}, this program knows {SCHEMA_VERSION})",
            "update partners-crm",
        )
    with replacing.alone(path):
        safety, before = None, None
        whole = not path.exists() or replacing.is_whole(path, any_file=other)
        if whole and path.exists() and not other:
            _same_coalition(path, source)
        draft = replacing.prepare(source, path)
        folder = copying.backups_of(path)
        with copying.drafted(draft):
            if whole and path.exists():
                with replacing.as_it_is(path) as db:
                    kept = copying.back_up(db, folder, BEFORE_RESTORE, clock=clock)
                safety, before = kept.path, kept.operation
            elif path.exists() or replacing.has_sides(path):
                safety = replacing.set_aside(path, folder, clock)
            replacing.swap(draft, path)
        tidy(folder, UTC, of=BEFORE_RESTORE, spare=source)
    return Restored(backup, safety, whole, before)


def _same_coalition(path: Path, source: Path) -> None:
    here, there = copying.identity(path), copying.identity(source)
    if here.uid and there.uid and here.uid != there.uid:
        raise ConfigError(
            f"{source} is of another coalition, {there.name}, not of {here.name}; nothing was changed",
            "put it in the place of this one all the same with: partners restore --other FILE",
        )
