"""The plugin keeps what is asked of every plugin: for what answers and shows, in a demo with a story told in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from partners_crm.plugins import blocks
from partners_crm.testing import (
    ActionContract,
    ColumnContract,
    CommandContract,
    QueryFieldContract,
    ReportContract,
    Stage,
    TabContract,
    ViewContract,
)

ASSOCIATION = "Birch League"


@pytest.fixture
def sample_stage(sample_stage: Stage, tell: Callable[..., Any]) -> Stage:
    """The demo coalition, with associations that pull at members."""
    tell(sample_stage.context)
    return sample_stage


class TestCommand(CommandContract):
    name = "associations"
    options: ClassVar = {
        "show": {"key": ASSOCIATION},
        "record-posture": {"key": ASSOCIATION, "level": "wary"},
        "record-competition": {"one": "Amber Lake Homes", "other": "Dune Road Works", "resource": "Emergency beds"},
        "favours": {"query": "silo:housing", "issue": "Rates"},
    }


class TestReport(ReportContract):
    name = "associations"


class TestContested(QueryFieldContract):
    name = "contested"
    finds = "Rates"


class TestCompetesWith(QueryFieldContract):
    name = "competes-with"
    finds = "Amber Lake Homes"


class TestPostureToday(QueryFieldContract):
    name = "posture-today"
    finds = "consulting"


class TestOverlap(ViewContract):
    name = "overlap"


class TestContestedView(ViewContract):
    name = "contested"


class TestReach(ViewContract):
    name = "reach"


class TestPostures(ViewContract):
    name = "postures"


class TestCompetitionView(ViewContract):
    name = "competition"


class TestAssociationTab(TabContract):
    name = "association"


class TestAffiliationsTab(TabContract):
    name = "affiliations"


class TestPostureTab(TabContract):
    name = "posture"


class TestContestedColumn(ColumnContract):
    name = "contested"


class TestRecordPosture(ActionContract):
    name = "record-posture"

    def _refs(self, stage: Stage) -> tuple[blocks.Ref, ...]:
        return super()._refs(stage)[:1]  # of one body at a time


class TestRecordCompetition(ActionContract):
    name = "record-competition"
    answers: ClassVar = {"resource": "Emergency beds"}


class TestCompetitors(ActionContract):
    name = "competitors"
    writes = False


class TestEndCompetition(ActionContract):
    name = "end-competition"
    entity = "associations_competition"
