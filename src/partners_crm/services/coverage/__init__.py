"""Which districts have a member: a claim with its terms, and the evidence behind each district.

What is named here is on the path of a check from cron: nothing of it may load a parser, a screen or a driver. Why a
district is judged so, who would close a gap, and how two answers differ stand in modules of their own.
"""

from __future__ import annotations

from partners_crm.services.coverage.judging import Coverage, DistrictCoverage, coverage, coverage_by_silo, silo_codes
from partners_crm.services.coverage.rule import BASES, CHAMBERS, LEVEL_WORD, LEVELS, UNITS, Rule

SCHEMA_VERSION = 1
"""Of the JSON of a coverage answer."""

__all__ = [
    "BASES",
    "CHAMBERS",
    "LEVELS",
    "LEVEL_WORD",
    "SCHEMA_VERSION",
    "UNITS",
    "Coverage",
    "DistrictCoverage",
    "Rule",
    "coverage",
    "coverage_by_silo",
    "silo_codes",
]
