"""The runner of all checks: what a coalition asks of itself again and again, saved with its terms, and the answers."""

from __future__ import annotations

from partners_crm.services.checks.check import VERDICTS, Answer, Case, Check, Finding, Terms
from partners_crm.services.checks.core import CHECKS
from partners_crm.services.checks.running import Planned, Ran, full_name, planned, refuse_rule, run_checks, saved_rules
from partners_crm.services.rule_terms import RuleTerm

__all__ = [
    "CHECKS",
    "VERDICTS",
    "Answer",
    "Case",
    "Check",
    "Finding",
    "Planned",
    "Ran",
    "RuleTerm",
    "Terms",
    "full_name",
    "planned",
    "refuse_rule",
    "run_checks",
    "saved_rules",
]
