"""Write the coalition file of the present schema, for later versions to open: run it once, when a schema is released.

    python tests/store/released/build.py

It makes `schema-N.db.gz` beside itself: the tiny demo with an edit, an import and an undo, so that every table of the
journal has rows. A file that was released is never built again.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from partners_crm.crm import Crm
from partners_crm.model import Organization
from partners_crm.services import records
from partners_crm.store.open import SCHEMA_VERSION

HERE = Path(__file__).parent
WHEN = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
SHEET = "Organization,City,ZIP,Lat,Lon,Phone\nQuiet House,Alton,62002,38.89,-90.18,618-555-0100\n,Peoria,61602,,,\n"


def build(path: Path) -> None:
    """Fill a coalition through the ordinary verbs."""
    with Crm.demo(path, clock=lambda: WHEN) as crm:
        first = crm.organizations("")[0]
        with crm.changes("edit one", by="ada") as unit:
            records.edit(unit, first, name=f"{first.name} of old")
        with crm.changes("add one", by="ada") as unit:
            records.add(unit, Organization, name="Soon gone")
        crm.undo(by="ada")
        sheet = path.with_name("members.csv")
        sheet.write_text(SHEET, encoding="utf-8")
        crm.import_file(sheet, by="ada")


def main() -> int:
    """Build the file, unless it was released already."""
    target = HERE / f"schema-{SCHEMA_VERSION}.db.gz"
    if target.exists():
        print(f"{target.name} was released already", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "coalition.db"
        build(path)
        target.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    print(f"wrote {target.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
