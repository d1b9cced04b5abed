"""What an import adds that looks like what is known is said of its row."""

from __future__ import annotations

from pathlib import Path

import pytest

from partners_crm.crm import Crm
from partners_crm.services.importing import doubles

SHEET = "Organization,Address,City\nQuillmere Porch Socity,12 Oak St,Alton\nGrove House,1 Elm St,Peoria\n"


@pytest.fixture
def known(crm: Crm, tmp_path: Path) -> Path:
    """A list with a slip of the pen in the first of its names, which is known without it."""
    first = tmp_path / "first.csv"
    first.write_text("Organization,Address,City\nQuillmere Porch Society,12 Oak Street,Alton\n", encoding="utf-8")
    crm.import_file(first)
    path = tmp_path / "second.csv"
    path.write_text(SHEET, encoding="utf-8")
    return path


@pytest.mark.parametrize("preview", [True, False])
def test_a_new_record_that_may_be_double_is_said_before_and_after(crm: Crm, known: Path, preview: bool) -> None:
    report = crm.import_file(known, policy="create", preview=preview)
    (said,) = [each for each in report.remarks if "may be organization" in each.reason]
    assert (said.line, said.serious) == (2, True)
    assert "Quillmere Porch Society" in said.reason
    assert "same street address" in said.reason


def test_where_there_are_very_many_nothing_is_compared(crm: Crm, known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubles, "MOST", 1)
    report = crm.import_file(known, policy="create")
    assert not [each for each in report.remarks if "may be" in each.reason]
