"""The runner of all checks: what a coalition asks of itself again and again, saved with its terms, and the answers."""

from __future__ import annotations

from partners_crm.services.checks.check import VERDICTS, Answer, Case, Check, CheckTerm, Finding, Terms
from partners_crm.services.checks.core import CHECKS
from partners_crm.services.checks.running import Planned, Ran, planned, refuse_rule, run_checks, saved_rules
from partners_crm.services.checks.terms import read_terms, written

__all__ = [
    "CHECKS",
    "VERDICTS",
    "Answer",
    "Case",
    "Check",
    "CheckTerm",
    "Finding",
    "Planned",
    "Ran",
    "Terms",
    "planned",
    "read_terms",
    "refuse_rule",
    "run_checks",
    "saved_rules",
    "written",
]
