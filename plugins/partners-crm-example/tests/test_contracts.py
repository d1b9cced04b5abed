"""The plugin keeps what is asked of every plugin: a suite for each thing that it offers."""

from __future__ import annotations

from pathlib import Path

import pytest

from partners_crm.plugins import Address
from partners_crm.testing import (
    ActionContract,
    CheckContract,
    ColumnContract,
    CommandContract,
    ExporterContract,
    GeocoderContract,
    ImporterContract,
    PluginContract,
    QueryFieldContract,
    RecordTypeContract,
    ReportContract,
    TabContract,
    ViewContract,
)

CARDS = b"""# cards
Organization = Prairie Family Housing
City = Springfield
Note = the door is on the north side
  and the bell does not ring

Organization = Rock Valley Elder Table
Phone = 815-555-0107
"""
POINTS = """street,city,zip,latitude,longitude
22 Madeup Street,Springfield,62701,39.8017,-89.6436
1 Twin Street,Peoria,61602,40.69,-89.59
1 Twin Street,Peoria,61602,40.70,-89.60
"""


class TestPlugin(PluginContract):
    pass


class TestImporter(ImporterContract):
    name = "cards"
    files = {
        "visits.cards": CARDS,
        "from Windows.cards": CARDS.replace(b"\n", b"\r\n"),
        "with a mark.cards": b"\xef\xbb\xbf" + CARDS,
    }


class TestExporter(ExporterContract):
    name = "cards"
    reads_back = "cards"


class TestCheck(CheckContract):
    name = "visited"
    finds = {"within": "30"}


class TestReport(ReportContract):
    name = "visits"


class TestCommand(CommandContract):
    name = "visits"
    options = {"add": {"organization": "Lantern Street Shelter", "day": "2026-11", "note": "met the new director"}}


class TestQueryField(QueryFieldContract):
    name = "visited"
    finds = "no"


class TestGeocoder(GeocoderContract):
    name = "gazetteer"
    known = (Address("1", "22 Madeup Street", "Springfield", "IL", "62701-1234"),)

    @pytest.fixture
    def plugin_settings(self, tmp_path: Path) -> dict[str, str]:
        path = tmp_path / "gazetteer.csv"
        path.write_text(POINTS, "utf-8")
        return {"gazetteer": str(path)}


class TestRecordType(RecordTypeContract):
    name = "visit"


class TestView(ViewContract):
    name = "visits"


class TestTab(TabContract):
    name = "visits"


class TestColumn(ColumnContract):
    name = "last_visit"


class TestAction(ActionContract):
    name = "note_visit"
    answers = {"day": "2026-11-20", "note": "met the new director"}
