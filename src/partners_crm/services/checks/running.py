"""Which rules are run, and running them: one that fails is an answer too, and the others still run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from partners_crm.errors import Ambiguous, CannotDecide, InvalidValue, NotFound, PartnersError
from partners_crm.model import Rule
from partners_crm.normalize.text import few, fold
from partners_crm.services.checks.check import Answer, Case, Check
from partners_crm.services.checks.core import CHECKS
from partners_crm.services.rule_terms import read_terms, written
from partners_crm.store import health
from partners_crm.store.open import Handle
from partners_crm.store.read import tuples

NAMED = 20
"""Rules that an error names at most."""
_OF_OTHERS = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}\.[a-z0-9][a-z0-9_-]{0,79}")
"""What a check is called that somebody else brings: acme.dues."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A rule that is to be run: a saved one, or a check with its defaults."""

    name: str
    kind: str
    """Name of the check."""
    terms: str
    """As they are saved."""
    saved: bool


@dataclass(frozen=True, slots=True)
class Ran:
    """A rule that was run."""

    name: str
    kind: str
    terms: str
    """Those that differ from the defaults; as they are saved where they cannot be read."""
    answer: Answer
    error: Exception | None = None
    """Why there is no proper answer."""
    owner: str = ""
    """The plugin that brought the check; "" for the core."""

    @property
    def answered(self) -> bool:
        """Whether its findings and doubts are known."""
        return self.error is None and self.answer.verdict != "failed"


def saved_rules(db: Handle) -> list[Planned]:
    """The rules saved in the coalition, by name."""
    rows = tuples(db, Rule.select(Rule.name, Rule.kind, Rule.terms))
    found = [Planned(name, kind, terms, saved=True) for name, kind, terms in rows]
    return sorted(found, key=lambda rule: (fold(rule.name), rule.name))


def planned(db: Handle, names: Iterable[str] = (), checks: Sequence[Check] = CHECKS) -> list[Planned]:
    """What is run under these names; without names everything that is run by default.

    A check stands for its saved rules, and for itself with its defaults where it has none. Rules stand in the order of
    their checks, then by name; those of a check that is not there come last, and fail. A check that somebody else
    brings is called `acme.dues`, and `dues` where no other is called so.

    Raises:
        NotFound: no rule and no check is called so; the hint names those there are.
        Ambiguous: two checks are.
    """
    rules = saved_rules(db)
    taken = {fold(rule.name) for rule in rules}
    wanted = [name if fold(name) in taken else full_name(name, checks) for name in names]
    found: list[Planned] = []
    for check in checks:
        own = [rule for rule in rules if rule.kind == check.name]
        if own:
            found += own
        elif check.by_default or check.name in wanted:
            found.append(Planned(check.name, check.name, "", saved=False))
    known = {check.name for check in checks}
    found += [rule for rule in rules if rule.kind not in known]
    if not wanted:
        return found
    chosen: set[Planned] = set()
    for name in wanted:
        named = [rule for rule in found if rule.saved and fold(rule.name) == fold(name)]
        chosen.update(named or [each for each in found if each.kind == name and name in known])
        if not named and name not in known:
            words = few([rule.name for rule in rules], NAMED)
            hint = f"checks: {', '.join(check.name for check in checks)}"
            raise NotFound(f"there is no rule and no check {name}", f"rules: {words}; {hint}" if words else hint)
    return [each for each in found if each in chosen]


def full_name(name: str, checks: Sequence[Check]) -> str:
    """The whole name of the check that a name means; the name itself where it means none.

    Raises:
        Ambiguous: it means two.
    """
    known = [check.name for check in checks]
    if name in known:
        return name
    found = [each for each in known if each.partition(".")[2] == name]
    if len(found) > 1:
        raise Ambiguous(f"{name} is a check of {few(found, NAMED)}", "write the whole name")
    return found[0] if found else name


def run_checks(case: Case, names: Iterable[str] = (), checks: Sequence[Check] = CHECKS) -> list[Ran]:
    """Run the named rules and checks, by default all, in a thread that is connected.

    A check that raises is an answer: `undecided` where the question has none, else `failed`.

    Raises:
        NotFound: no rule and no check is called so.
        Ambiguous: two checks are.
    """
    by_name = {check.name: check for check in checks}
    return [_run(case, each, by_name) for each in planned(case.db, names, checks)]


def refuse_rule(db: Handle, values: Mapping[str, Any], checks: Sequence[Check] = CHECKS) -> None:
    """Refuse a rule that cannot be run.

    One of a check that somebody else brings, and that is not here, is let through: it may have been exported so.

    Raises:
        InvalidValue, NotFound: with the field or the term, and what it can be.
    """
    kinds = {check.name: check for check in checks}
    name, kind = str(values.get("name") or ""), str(values.get("kind") or "")
    if kind not in kinds and not _OF_OTHERS.fullmatch(kind):
        raise InvalidValue("Check", kind, "is no check", f"one of: {', '.join(kinds)}")
    if any(fold(name) == fold(each) for each in (*kinds, kind)):
        raise InvalidValue("Name", name, "is the name of a check", "give the rule a name of its own")
    if kind in kinds:
        check = kinds[kind]
        check.refuse(db, terms_of(check, str(values.get("terms") or "")))


def terms_of(check: Check, text: str) -> dict[str, str]:
    """Every term of a check with its value, by name.

    Raises:
        NotFound: the check has no such term.
        InvalidValue: the text cannot be read, or a term cannot have its value.
    """
    return read_terms(f"the check {check.name}", check.terms, text)


def _run(case: Case, rule: Planned, checks: Mapping[str, Check]) -> Ran:
    check, terms = checks.get(rule.kind), rule.terms
    owner = check.owner if check else rule.kind.rpartition(".")[0]
    try:
        if check is None:
            raise _missing(rule.kind, checks)
        values = terms_of(check, rule.terms)
        terms = written(check.terms, values)
        with health.snapshot(case.db) if check.one_moment else nullcontext():
            answer = check.run(case, values)
        if not isinstance(answer, Answer):
            raise TypeError  # of a plugin
    except CannotDecide as error:
        return Ran(rule.name, rule.kind, terms, Answer("undecided", str(error)), error, owner)
    except Exception as error:  # one check that breaks must not hide what the others find
        return Ran(rule.name, rule.kind, terms, Answer("failed", _reason(error, rule, owner)), error, owner)
    return Ran(rule.name, rule.kind, terms, answer, owner=owner)


def _missing(kind: str, checks: Mapping[str, Check]) -> NotFound:
    plugin, point, _ = kind.rpartition(".")
    if point:
        return NotFound(f"there is no check {kind}: the plugin {plugin} is not in use", "see: partners plugins list")
    return NotFound(f"there is no check {kind}", f"checks: {', '.join(checks)}")


def _reason(error: Exception, rule: Planned, owner: str) -> str:
    """Why a rule failed, in one line; what broke inside may hold personal data, and is named by its kind alone."""
    if isinstance(error, PartnersError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'} cannot be looked at: {error.strerror}"
    whose = f"the plugin {owner} failed" if owner else "internal error"
    return f"{whose} in the check {rule.kind}: {type(error).__name__}"
