"""How long placing 650 sites takes from nothing, against a bare interpreter start.

The one side is a whole process, from its start to its end. "Stored" opens a coalition with 650 sites that have a point
and no district, places them under both maps as one unit of work, and commits. "Library" opens no database: it loads
both maps, builds both indexes and locates 650 points under each. The other side is `python -c pass` with the same
interpreter. Wall time decides; the CPU time of the same processes is printed beside it.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import measuring
from bench.measuring import CannotMeasure, Cost, Figure

ROUNDS = 7
LIMIT = 40.0
STORED = """
import sys
from partners_crm import Crm
from partners_crm.model import Site
from partners_crm.services.placing import place
with Crm.open(sys.argv[1]) as crm, crm.changes("place every site") as unit:
    sys.exit(place(unit, crm.records(Site)).written != int(sys.argv[2]))
"""
LIBRARY = """
import json, sys
from pathlib import Path
from partners_crm.districts.index import DistrictIndex
from partners_crm.districts.maps import bundled_maps, load_map
points = json.loads(Path(sys.argv[1]).read_text())
found = [index.locate(*point) for index in map(DistrictIndex, map(load_map, bundled_maps())) for point in points]
sys.exit(None in found or len(found) != 2 * len(points))
"""


def unplaced(path: Path) -> int:
    """Take every assignment of a coalition away; returns how many there were."""
    from partners_crm.crm import Crm
    from partners_crm.model import Assignment

    with Crm.open(path) as crm, crm.changes("forget every district") as unit:
        found = crm.records(Assignment)
        for each in found:
            unit.delete(each)
    return len(found)


def measure(folder: Path, rounds: int) -> list[Figure]:
    """The figures of both routes."""
    original = measuring.coalition(folder)
    expected = unplaced(original)
    if original.with_name("coalition.db-wal").exists():
        raise CannotMeasure("the coalition is still open")
    copy, points = folder / "copy.db", folder / "points.json"
    points.write_text(json.dumps(measuring.points(measuring.ORGANIZATIONS)))

    def stored() -> Cost:
        shutil.copyfile(original, copy)
        copy.chmod(0o600)
        return measuring.process(measuring.PYTHON, "-c", STORED, copy, str(expected))

    costs = measuring.interleave(
        {
            "bare": lambda: measuring.process(*measuring.BARE),
            "stored": stored,
            "library": lambda: measuring.process(measuring.PYTHON, "-c", LIBRARY, points),
        },
        rounds,
    )
    what = f"{measuring.ORGANIZATIONS} sites placed under both maps"
    return [
        measuring.figure(f"{what}, stored / bare start", costs["stored"], costs["bare"], LIMIT),
        measuring.figure(f"{what}, library / bare start", costs["library"], costs["bare"], LIMIT),
    ]


if __name__ == "__main__":
    measuring.run(measuring.options(__doc__, ROUNDS), measure)
