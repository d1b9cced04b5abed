"""Programs and commands as cron runs them: LANG=C, an empty home, nothing to read from, no terminal."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from partners_crm.crm import Crm
from partners_crm.model import Contact, ContactPoint, Organization, Role
from partners_crm.services import records
from partners_crm.store.work import Changes
from tests.conftest import Result

SCRIPTS = Path(__file__).parents[2] / "docs" / "how-to" / "scripts"
LIMIT = 120.0
"""Seconds after which a program is taken to hang."""
PATH = f"{Path(sys.executable).parent}:/usr/bin:/bin"

Run = Callable[..., Result]

MEMBERS = """Organization,City,ZIP,Silo,Member since,House district
Blackhawk Shelter Network,Chicago,60612,housing,2011-07,
Rock Valley Elder Table,Rockford,61101,aging,2019,67
Nowhere House,Rockford,61101,aging,2019,467
"""


def ended(line: list[str], folder: Path, **variables: str) -> Result:
    """Run a command line in a folder to its end; whatever happened, it is no traceback."""
    done = subprocess.run(
        line,
        cwd=folder,
        env={"PATH": PATH, "LANG": "C", "LC_ALL": "C", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=LIMIT,
        start_new_session=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "internal error" not in done.stderr, done.stderr
    return Result(done.returncode, done.stdout, done.stderr)


def line_of(program: str) -> list[str]:
    """How a program of the page is begun, or a command on the path."""
    path = SCRIPTS / program
    begin = {".sh": ["sh", str(path)], ".py": [sys.executable, str(path)]}
    return begin.get(path.suffix, [program])


def change(path: Path, work: Callable[[Crm, Changes], object]) -> None:
    """Change a coalition, in one operation."""
    with Crm.open(path) as crm, crm.changes("made by the test") as changes:
        work(crm, changes)


def archive(path: Path, name: str) -> None:
    """Put an organization away."""
    change(path, lambda crm, changes: records.archive(changes, crm.find(Organization, name), crm.today))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def operations(path: Path) -> int:
    with Crm.open(path) as crm:
        return len(crm.operations())


def make_people(crm: Crm, changes: Changes) -> None:
    """Seven people at a member in House 10, of whom two may be written."""
    shelter = crm.find(Organization, "Lantern Street Shelter")
    for name, mail, silent, until in (
        ("Ada Able", "ada@example.org", False, ""),
        ("=Bea Best", "BEA@example.org", False, ""),
        ("Cyd Calm", "cyd@example.org", True, ""),
        ("Dan Dear", "dan@example.org", False, ""),
        ("Eli East", "", False, ""),
        ("Fay Fine", "ada@example.org", False, ""),
        ("Gus Gone", "gus@example.org", False, "2019"),
    ):
        person = records.add(changes, Contact, name=name, do_not_contact=silent)
        records.add(changes, Role, contact=person.id, organization=shelter.id, title="Director", until=until)
        if mail:
            records.add(changes, ContactPoint, contact=person.id, kind="email", raw=mail)
    # The address of one of them unsubscribed where it stands with another organization.
    other = crm.find(Organization, "Sangamon Ability Works")
    records.add(changes, ContactPoint, organization=other.id, kind="email", raw="Dan@Example.org", do_not_contact=True)
