"""Looking for faults of a coalition and of its files; each finding says what to do."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from partners_crm.districts.maps import bundled_maps, load_info
from partners_crm.errors import CannotDecide, NotFound, PartnersError
from partners_crm.model import BY_NAME, Assignment, District, DistrictMap, Organization, Site
from partners_crm.services.settings import all_settings
from partners_crm.store import copying, files, health, journal, locks, migrating
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.files import amount, side
from partners_crm.store.maps import map_for
from partners_crm.store.open import Handle
from partners_crm.store.read import records, tuples

FINDING = "finding"
NOTE = "note"
NAMED = 5
"""Records that a finding names at most."""
LOG_ALARM = 64_000_000
"""Bytes of a write-ahead log that somebody must be holding up."""
LEAST_FREE = 100_000_000
"""Bytes that should be free on a disk, however small the coalition is."""
BACKUP_AGE = timedelta(days=7)
"""Age of the newest backup beyond which a coalition that is worked in is not safe."""
LEFT_BEHIND = 3600
"""Seconds after which nobody is writing a draft any more."""
RESTORE = "restore a backup: partners restore; or save what is left: partners recover"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found."""

    message: str
    remedy: str
    """What to do."""
    level: str = FINDING
    """`finding`, or `note`: worth knowing, and nothing is wrong."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a check looks at."""

    db: Handle
    today: date
    now: datetime


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of fault that is looked for."""

    name: str
    about: str
    run: Callable[[Case], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Examined:
    """What a check found."""

    check: str
    about: str
    findings: tuple[Finding, ...]


def examine(db: Handle, today: date, names: Iterable[str] = (), *, clock: Clock = utc_now) -> list[Examined]:
    """Run the named checks, by default all; one that fails is itself a finding, and the others still run.

    Raises:
        NotFound: there is no check of that name.
    """
    wanted = list(names)
    for name in wanted:
        if name not in {check.name for check in CHECKS}:
            raise NotFound(f"there is no check {name}", f"checks: {', '.join(check.name for check in CHECKS)}")
    case = Case(db, today, clock().astimezone(UTC))
    return [_examined(check, case) for check in CHECKS if not wanted or check.name in wanted]


def _examined(check: Check, case: Case) -> Examined:
    try:
        found = tuple(check.run(case))
    except PartnersError as error:
        found = (Finding(error.message, error.hint),)
    return Examined(check.name, check.about, found)


# -------------------------------------------------------------------- files


def _modes(case: Case) -> Iterable[Finding]:
    path = case.db.path
    folder = copying.backups_of(path)
    suffixes = (*files.SIDES, locks.OPEN, locks.WRITE)
    whole = [path, *(side(path, suffix) for suffix in suffixes), folder]
    if folder.is_dir():
        whole.extend(sorted(folder.iterdir()))
    for each in whole:
        try:
            found = each.stat()
        except OSError:
            continue
        if found.st_mode & 0o077:
            mode = "700" if each.is_dir() else "600"
            who = "others may write to it" if found.st_mode & 0o022 else "others may read it"
            yield Finding(f"{each} has mode {stat.S_IMODE(found.st_mode):03o}: {who}", f"chmod {mode} '{each}'")
        if found.st_uid != os.geteuid():
            yield Finding(f"{each} belongs to another user, number {found.st_uid}", f"sudo chown $USER '{each}'")
    above = path.parent.stat()
    if above.st_mode & stat.S_IWOTH and not above.st_mode & stat.S_ISVTX:
        yield Finding(f"everybody may replace files in {path.parent}", f"chmod o-w '{path.parent}'")


def _sqlite(_case: Case) -> Iterable[Finding]:
    # https://www.sqlite.org/wal.html, "The WAL-reset bug": fixed in 3.51.3.
    version = health.sqlite_version()
    if (3, 7, 0) <= version < (3, 51, 3):
        yield Finding(
            f"SQLite {'.'.join(map(str, version))} has a fault by which two programs that write at once can damage a"
            " file in write-ahead mode; this program takes turns, so it cannot meet it",
            "do not write to the file with another program; a Python with SQLite 3.51.3 or newer is free of it",
            NOTE,
        )


def _place(case: Case) -> Iterable[Finding]:
    db = case.db
    if not db.place.is_safe:
        warning = next(each for each in db.warnings if db.place.name in each)
        message, _, remedy = warning.rpartition(" (")
        yield Finding(message, remedy.removesuffix(")"))
    mode, wanted = health.journal_mode(db), "wal" if db.place.is_safe else "delete"
    if mode != wanted and not db.read_only:
        yield Finding(f"{db.path} is in journal mode {mode}, which does not fit its place", "open it again")


def _log(case: Case) -> Iterable[Finding]:
    db = case.db
    if db.lacks_log:
        message, _, remedy = next(each for each in db.warnings if "without its log" in each).rpartition(" (")
        yield Finding(message, remedy.removesuffix(")"))
    try:
        size = side(db.path, "-wal").stat().st_size
    except OSError:
        return
    if size > LOG_ALARM:
        yield Finding(
            f"the log of {db.path} has grown to {amount(size)}: a program has been reading for long",
            f"close the programs that have it open ({locks.described(db.path)}); the next write empties it",
        )


def _space(case: Case) -> Iterable[Finding]:
    size = case.db.path.stat().st_size
    needed = max(LEAST_FREE, 2 * size)
    for folder in {case.db.path.parent, copying.backups_of(case.db.path)}:
        free = files.free_bytes(folder)
        if free < needed and (folder == case.db.path.parent or folder.is_mount()):
            yield Finding(
                f"{amount(free)} are free in {folder}; a backup and a new version need {amount(needed)}",
                "free some space, or move the coalition to another disk",
            )


def _leftovers(case: Case) -> Iterable[Finding]:
    folder = copying.backups_of(case.db.path)
    drafts = [side(case.db.path, ".new"), *(folder.glob(f"*{copying.DRAFT}") if folder.is_dir() else ())]
    for draft in drafts:
        if draft.exists() and time.time() - draft.stat().st_mtime > LEFT_BEHIND:
            yield Finding(f"{draft} was left behind by a program that was cut off", f"rm '{draft}'")


def _backups(case: Case) -> Iterable[Finding]:
    last = journal.end(case.db)
    found = copying.known_backups(copying.backups_of(case.db.path))
    if not found:
        if last.operation > 1:
            yield Finding("there is no backup", "make one: partners backup")
        return
    newest = found[0]
    age = case.now - datetime.fromisoformat(newest.at)
    if age > BACKUP_AGE and newest.hash != last.hash:
        yield Finding(
            f"the newest backup is {age.days} days old, and the coalition went on", "make one: partners backup"
        )
    try:
        copying.verified(newest.path)
    except PartnersError as error:
        yield Finding(error.message, "make another: partners backup")


# -------------------------------------------------------------------- the database


def _integrity(case: Case) -> Iterable[Finding]:
    for message in health.integrity(case.db):
        yield Finding(f"the file is damaged: {message}", RESTORE)


def _links(case: Case) -> Iterable[Finding]:
    for (table, target), rows in health.dangling(case.db).items():
        named = ", ".join(map(str, rows[:NAMED])) + (" ..." if len(rows) > NAMED else "")
        what = _some(rows, f"row of {table} points", f"rows of {table} point")
        yield Finding(f"{what} to a {target} that is not there: {named}", RESTORE)


def _schema(case: Case) -> Iterable[Finding]:
    for message in health.schema_differences(case.db):
        yield Finding(message, "another program changed the file; restore a backup: partners restore")
    for name in migrating.altered(case.db):
        yield Finding(f"the migration {name} is not the one that was applied", "reinstall partners-crm")


def _journal(case: Case) -> Iterable[Finding]:
    broken = journal.first_break(case.db)
    if broken is not None:
        found = journal.operations(case.db, [broken])
        when = f" of {found[0].at[:16].replace('T', ' ')} UTC" if found else ", which is missing,"
        yield Finding(
            f"operation {broken}{when} is not what was written: the journal was changed from outside",
            "compare with a backup from before: partners restore lists them",
        )
    first = journal.verified_from(case.db)
    if first > 1:
        yield Finding(
            f"the journal can be verified from operation {first} on, which recovered the coalition from a damaged file",
            "nothing is to be done",
            NOTE,
        )


def _records(case: Case) -> Iterable[Finding]:
    found: dict[tuple[str, str], list[health.Astray]] = {}
    for each in health.astray(case.db):
        found.setdefault((each.entity, each.what), []).append(each)
    words = {
        "changed": "not what the journal says",
        "missing": "missing, though in the journal",
        "unknown": "unknown to the journal",
    }
    for (entity, what), some in found.items():
        labels = {name: how.label for name, how in BY_NAME[entity].declarations().items()}
        named = [
            f"{each.id}" + (f" ({', '.join(labels.get(name, name) for name in each.fields)})" if each.fields else "")
            for each in some[:NAMED]
        ]
        more = " ..." if len(some) > NAMED else ""
        one, many = (word.replace("_", " ") for word in (entity, BY_NAME[entity].entity.plural))
        yield Finding(
            f"{_some(some, f'{one} is', f'{many} are')} {words[what]}: {', '.join(named)}{more}",
            "they were changed by another program or by a fault of the disk; " + RESTORE,
        )


# -------------------------------------------------------------------- the coalition


def _maps(case: Case) -> Iterable[Finding]:
    state = all_settings(case.db)["state"]
    here = {each.code: each for each in records(case.db, DistrictMap.select())}
    for code in bundled_maps():
        info = load_info(code)
        if info.state != state:
            continue
        if code in here and here[code].sha256 != info.sha256:
            yield Finding(
                f"the borders of the map {code} differ from those that come with the program",
                "sites were placed by the earlier borders; a site is placed anew when its coordinates are changed",
            )
    try:
        chosen = map_for(case.db, case.today)
    except (CannotDecide, NotFound) as error:
        yield Finding(error.message, error.hint)
        return
    if chosen.seated_until and chosen.seated_until <= case.today.isoformat():
        yield Finding(
            f"the pinned map {chosen.code} ended on {chosen.seated_until}",
            "take the map of the day: partners config set map ''",
        )
    stale = _sites_without(case.db, chosen, assigned_elsewhere=True)
    if stale:
        yield Finding(
            f"{_some(stale, 'site has', 'sites have')} a district under another map and none under {chosen.code}:"
            f" {_named(stale)}",
            f"give them coordinates, or import a column with the district under {chosen.code}",
        )


def _sites(case: Case) -> Iterable[Finding]:
    try:
        chosen = map_for(case.db, case.today)
    except (CannotDecide, NotFound):
        return  # the check of the maps says so
    lost = _sites_without(case.db, chosen, assigned_elsewhere=False)
    if lost:
        yield Finding(
            f"{_some(lost, 'site has', 'sites have')} no district under {chosen.code}: {_named(lost)}",
            "give them coordinates (partners edit site N latitude=... longitude=...), or import a column with the"
            " House district; a post office box has no place",
        )


def _sites_without(db: Handle, chosen: DistrictMap, *, assigned_elsewhere: bool) -> list[tuple[int, str]]:
    """(id, name of the organization) of each site in use that has no district under a map, by id."""
    placed = (
        Assignment.select(Assignment.site)
        .join(District, on=(Assignment.district == District.id))
        .where(District.map == chosen.id)
    )
    anywhere = Assignment.select(Assignment.site)
    query = (
        Site.select(Site.id, Organization.name)
        .join(Organization, on=(Site.organization == Organization.id))
        .where((Organization.archived_on == "") & Site.id.not_in(placed))
        .order_by(Site.id)
    )
    query = query.where(Site.id.in_(anywhere) if assigned_elsewhere else Site.id.not_in(anywhere))
    return [(number, name) for number, name in tuples(db, query)]


def _some(found: Sequence[object], one: str, many: str) -> str:
    return f"{len(found)} {one if len(found) == 1 else many}"


def _named(sites: list[tuple[int, str]]) -> str:
    return ", ".join(f"{number} ({name})" for number, name in sites[:NAMED]) + (" ..." if len(sites) > NAMED else "")


CHECKS = (
    Check("modes", "who may read and write the coalition's files", _modes),
    Check("sqlite", "the version of SQLite", _sqlite),
    Check("place", "where the file lies", _place),
    Check("log", "the write-ahead log beside the file", _log),
    Check("space", "room on the disk for a backup", _space),
    Check("leftovers", "drafts of programs that were cut off", _leftovers),
    Check("backups", "whether there is a recent backup, and it is whole", _backups),
    Check("integrity", "SQLite's own check of every page and index", _integrity),
    Check("links", "links that point to nothing", _links),
    Check("schema", "tables and indexes against their declarations", _schema),
    Check("journal", "the chain of the journal, its end included", _journal),
    Check("records", "every record against what the journal says of it", _records),
    Check("maps", "the district map of today, and sites placed on another", _maps),
    Check("sites", "sites without a district", _sites),
)
"""Every check, in the order they are run."""
