"""What plugins describe, as the plain objects that services are given: checks, geocoders, words of queries, columns.

Each of these calls its plugin through the boundary and knows whose it is; what the plugin answers is consumed and
checked there. A description that cannot be used is a failure of its plugin, named, and the others stay. People call
what plugins bring by its full name, `acme.dues`, and by `dues` where no other is called so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from partners_crm.errors import Ambiguous, Conflict, InvalidValue, NotFound, PartnersError, PermissionRefused
from partners_crm.model.record_types import own_name
from partners_crm.normalize.text import few
from partners_crm.plugins.answers import MAX_ID, Misfit, cell_of, one, plain, taken, whole
from partners_crm.plugins.boundary import Owner
from partners_crm.plugins.describing import SLUG
from partners_crm.plugins.failures import PluginFailed, PluginFailure
from partners_crm.plugins.headless import Answer, Outcome, Sheet
from partners_crm.plugins.loading import in_order
from partners_crm.plugins.policy import Owned, Plugin
from partners_crm.plugins.registry import PluginRegistry, what
from partners_crm.services.geocoding import Address, Found

if TYPE_CHECKING:
    # Each is loaded by who asks for it: a list does not pay for checks, nor a check for lists.
    from partners_crm.model.record_types import RecordType
    from partners_crm.plugins.headless import Geocoder, PluginCheck, QueryField
    from partners_crm.plugins.screens import Column
    from partners_crm.services.checks.check import Case, Check, Terms
    from partners_crm.services.listing import OwnColumn
    from partners_crm.services.queries import OwnWord
    from partners_crm.services.record_types import InstallReport
    from partners_crm.store.open import Handle

T = TypeVar("T")
R = TypeVar("R")

CHECK_LIMITS = 6
"""How many limits of a call a check may take: a minute, for it may look at every record."""
WORK_LIMITS = 60
"""The same of a report, a command or a batch of a geocoder: a person waits, and can interrupt it."""
NAMED = 20
"""Names that an error lists at most."""


# -------------------------------------------------------------------- names


def usable(registry: PluginRegistry, items: Iterable[Owned[T]], fault: Callable[[T], str]) -> tuple[Owned[T], ...]:
    """Those descriptions that can be used; the others are taken down as failures.

    `fault` says why one cannot be used, in a sentence that begins with "it"; "" where it can. That names are words
    and functions are functions was looked at when the hook was asked.
    """
    found = []
    for owned in items:
        if reason := fault(owned.item):
            refuse(registry, owned, reason)
        else:
            found.append(owned)
    return tuple(found)


def refuse(registry: PluginRegistry, owned: Owned[Any], reason: str) -> None:
    """Take down that a description cannot be used, once."""
    _take_down(registry, owned.owner, what(owned.item), reason)


def _take_down(registry: PluginRegistry, owner: Owner, hook: str, reason: str) -> None:
    failure = PluginFailure(
        plugin=owner.plugin,
        distribution=owner.distribution,
        version=owner.version,
        hook=hook,
        stage="hooks",
        reason=reason,
    )
    if failure not in registry.failures:
        registry.boundary.count(failure)


def named(items: Sequence[Owned[T]], word: str, kind: str) -> Owned[T]:
    """The description that a word means, by its full name or by its own.

    Raises:
        NotFound: none is called so.
        Ambiguous: two plugins bring one.
    """
    found = [each for each in items if each.full_name == word] or [
        each for each in items if getattr(each.item, "name", "") == word
    ]
    if len(found) > 1:
        names = [each.full_name for each in found]
        raise Ambiguous(f"{word} is a {kind} of {len(found)} plugins", f"write {' or '.join(names)}")
    if not found:
        known = few([each.full_name for each in items], NAMED)
        raise NotFound(f"there is no {kind} {word}", f"there are: {known}" if known else "see: partners plugins list")
    return found[0]


# -------------------------------------------------------------------- checks


def checks_of(registry: PluginRegistry) -> tuple[Check, ...]:
    """Every check of a plugin, by its full name."""
    return tuple(_check(registry, each) for each in usable(registry, registry.checks(), _check_fault))


def _check_fault(item: PluginCheck) -> str:
    names = [str(term.name) for term in item.terms]
    if len(set(names)) != len(names) or not all(SLUG.fullmatch(name) and "_" not in name for name in names):
        return "it has two terms of one name, or one whose name is no word of small letters, digits and -"
    return ""


def _check(registry: PluginRegistry, owned: Owned[PluginCheck]) -> Check:
    from partners_crm.services.checks.check import Check
    from partners_crm.store import health

    item = owned.item

    def run(case: Case, terms: Terms) -> Answer:
        given = MappingProxyType(dict(terms))

        def work(context: Any) -> Answer:
            with health.snapshot(case.db):  # in the thread that reads: all of it is of one moment
                return _answer(item.run(context, given))

        return registry.call(owned, work, limit=CHECK_LIMITS * registry.policy.limit, as_of=case.as_of)

    return Check(
        owned.full_name,
        str(item.about),
        run,
        tuple(item.terms),
        by_default=bool(item.by_default),
        one_moment=False,
        owner=owned.owner.plugin,
    )


def _answer(result: object) -> Answer:
    from partners_crm.services.checks.check import Finding

    found = one(result, Answer, "an Answer")
    findings, doubts = (taken(each, Finding, "Finding") for each in (found.findings, found.doubts))
    for finding in (*findings, *doubts):
        if not all(isinstance(text, str) for text in (finding.key, finding.text, finding.remedy)):
            raise Misfit("it answered a Finding that is no text")
    well = taken(found.well, tuple, "pairs of key and text")
    if not all(len(pair) == len(("key", "text")) and all(isinstance(text, str) for text in pair) for pair in well):
        raise Misfit("it answered what is well, and not as pairs of key and text")
    if not isinstance(found.statement, str) or not isinstance(found.map, str):
        raise Misfit("it answered a statement that is no text")
    return replace(found, findings=findings, doubts=doubts, well=well)


def rule_kind(registry: Callable[[], PluginRegistry], db: Handle, values: Mapping[str, Any]) -> str:
    """The whole name of the check of a rule that a person writes; refuses a rule that its check cannot be asked.

    `values` are those of the rule as it will be. Plugins are loaded when its check is none of the core's.

    Raises:
        InvalidValue, NotFound, Ambiguous: with the field or the term, and what it can be.
    """
    from partners_crm.services.checks import CHECKS, full_name, refuse_rule

    kind = str(values.get("kind") or "")
    if any(check.name == kind for check in CHECKS):
        return kind
    checks = (*CHECKS, *checks_of(registry()))
    kind = full_name(kind, checks)
    if all(check.name != kind for check in checks):
        raise InvalidValue("Check", kind, "is no check", f"one of: {', '.join(check.name for check in checks)}")
    refuse_rule(db, {**values, "kind": kind}, checks)
    return kind


# -------------------------------------------------------------------- geocoders


@dataclass(slots=True, kw_only=True)
class BoundGeocoder:
    """A geocoder of a plugin, as `services.pointing` takes it."""

    name: str
    """With whose it is: acme.streets."""
    title: str
    owner: str
    find: Callable[[Sequence[Address]], tuple[Found | None, ...]]
    """Where each address is, in the same order; raises `PluginFailed`."""


def geocoders_of(registry: PluginRegistry) -> tuple[BoundGeocoder, ...]:
    """Every geocoder of a plugin, by its full name."""
    return tuple(_geocoder(registry, each) for each in registry.geocoders())


def geocoder_of(registry: PluginRegistry, word: str) -> BoundGeocoder:
    """The geocoder that a word means.

    Raises:
        NotFound, Ambiguous: none is called so, or two are.
    """
    return _geocoder(registry, named(registry.geocoders(), word, "geocoder"))


def _geocoder(registry: PluginRegistry, owned: Owned[Geocoder]) -> BoundGeocoder:
    def find(addresses: Sequence[Address]) -> tuple[Found | None, ...]:
        asked = tuple(addresses)

        def work(context: Any) -> tuple[Found | None, ...]:
            found = taken(owned.item.find(context, asked), (Found, type(None)), "Found or None")
            if len(found) != len(asked):
                raise Misfit(f"it answered {len(found)} places for {len(asked)} addresses")
            return tuple(None if each is None else _point(each) for each in found)

        return registry.call(owned, work, limit=WORK_LIMITS * registry.policy.limit)

    return BoundGeocoder(name=owned.full_name, title=str(owned.item.title), owner=owned.owner.plugin, find=find)


def _point(found: Found) -> Found:
    numbers = (found.latitude, found.longitude)
    if not all(isinstance(each, (int, float)) and math.isfinite(each) for each in numbers):
        raise Misfit("it answered a point whose degrees are no numbers")
    level = whole(found.match_level, "a match level", -MAX_ID, MAX_ID)
    return replace(found, latitude=float(found.latitude), longitude=float(found.longitude), match_level=level)


# -------------------------------------------------------------------- words of queries


def query_fields_of(registry: PluginRegistry) -> tuple[OwnWord, ...]:
    """Every word of queries that plugins bring."""
    return tuple(_word(registry, each) for each in registry.query_fields())


def _word(registry: PluginRegistry, owned: Owned[QueryField]) -> OwnWord:
    from partners_crm.services.queries import OwnWord

    item = owned.item
    told = item.values

    def find(value: str) -> tuple[int, ...]:
        return registry.call(owned, lambda context: _ids(item.find(context, value)), words=False)

    def values() -> tuple[str, ...]:
        assert told is not None, "asked only where they are told"
        return registry.call(owned, lambda context: tuple(map(plain, taken(told(context), str, "texts"))), words=False)

    return OwnWord(
        name=item.name,
        entity=str(item.entity),
        label=str(item.label),
        find=find,
        values=None if told is None else values,
        owner=owned.owner.plugin,
        help=str(item.help),
    )


def _ids(result: object) -> tuple[int, ...]:
    found = taken(result, int, "ids of records")
    if any(isinstance(each, bool) or not 0 < int.__int__(each) <= MAX_ID for each in found):
        raise Misfit("it answered a list with a number in it that is no id")
    return tuple(dict.fromkeys(map(int.__int__, found)))


# -------------------------------------------------------------------- columns


def columns_of(registry: PluginRegistry, entity: str = "") -> tuple[OwnColumn, ...]:
    """Every column of a plugin, by its full name; of an entity, in the singular, those of its lists."""
    registry.load_screen()
    found = usable(registry, registry.columns(), column_fault)
    return tuple(_column(registry, each) for each in found if entity in {"", each.item.entity})


def column_fault(item: Column) -> str:
    is_well = isinstance(item.width, int) and item.width > 0 and item.align in {"left", "right"}
    return "" if is_well else "it has a width or a side that is none"


def _column(registry: PluginRegistry, owned: Owned[Column]) -> OwnColumn:
    from partners_crm.services.listing import Column as Listed
    from partners_crm.services.listing import OwnColumn

    item = owned.item
    said: set[str] = set()

    def values(ids: Sequence[int]) -> dict[int, str]:
        some = tuple(ids)
        try:
            return registry.call(owned, lambda context: _texts(item.values(context, some), some))
        except PluginFailed:
            raise  # it was said when it happened
        except PartnersError as error:
            if str(error) not in said:
                said.add(str(error))  # once for the list, not for each page
                registry.word(f"{owned.full_name}: {error}")
            raise

    return OwnColumn(
        column=Listed(owned.full_name, str(item.label), item.width, item.align),
        entity=str(item.entity),
        values=values,
        owner=owned.owner.plugin,
        private=bool(item.staff_only),
    )


def _texts(result: object, ids: Sequence[int]) -> dict[int, str]:
    from partners_crm.plugins.blocks import Cell

    found = one(result, Mapping, "a text for each id")
    texts: dict[int, str] = {}
    for key in ids:
        cell = found.get(key, "")
        text = cell.text if isinstance(cell, Cell) else cell
        if not isinstance(text, str):
            raise Misfit(f"it answered {type(text).__name__} instead of a text for an id")
        texts[key] = plain(text)
    return texts


# -------------------------------------------------------------------- record types


def bring_types(
    registry: PluginRegistry, db: Handle, *, plugin: str = "", missing: bool = True, say: Callable[[str], None]
) -> tuple[InstallReport, ...]:
    """Make the record types in a coalition those that its plugins declare; `say` is told in a line what was written.

    With `plugin` its own and those of the plugins it requires. It writes, one operation for each plugin, so that types
    come into a coalition only with the first record: before a plugin writes, and by a command that adds a record of a
    type that is not there yet. A plugin whose types are there already is brought up to date when a command of it is
    run and when the terminal UI begins (`missing=False`). What only reads never calls it: a type that is not there
    reads as empty. A read-only coalition is left as it is, and so is one that holds what a declaration does not fit;
    either is said, and the other plugins go on.
    """
    from partners_crm.services.record_types import install_types

    declared: dict[str, list[RecordType]] = {}
    for owned in registry.record_types():
        declared.setdefault(owned.owner.plugin, []).append(owned.item)
    here = {each.name: each for each in in_order(registry.plugins)}  # those that are required come first
    wanted = with_required(here, plugin) if plugin else set(here)
    if not missing:
        held = {table.entity.plugin for table in db.entities}
        wanted = {name for name in wanted if own_name(name) in held}
    reports = []
    for name in (name for name in here if name in wanted):
        owner = here[name].owner
        try:
            report = install_types(db, name, owner.version, declared.get(name, ()), clock=registry.clock)
        except PermissionRefused as error:
            say(f"the record types of the plugin {name} are not brought up to date: {error.message}")
        except (InvalidValue, Conflict) as error:
            say(f"the record types of the plugin {name} cannot be installed: {error}")
            _take_down(registry, owner, "register_record_types", "it declares record types that do not fit here")
        else:
            if report.operation is not None:
                say(f"{report.described()} (operation {report.operation}; partners undo takes it back)")
                reports.append(report)
    return tuple(reports)


def declared_by(registry: PluginRegistry, word: str) -> str:
    """The plugin that declares a record type of this entity name, singular or plural; "" where none does."""
    for owned in registry.record_types():
        own = own_name(owned.owner.plugin)
        if word in {f"{own}_{owned.item.name}", f"{own}_{owned.item.plural}"}:
            return owned.owner.plugin
    return ""


def with_required(plugins: Mapping[str, Plugin], name: str) -> set[str]:
    """The names of a plugin and of all that it requires, over any number of steps."""
    found: set[str] = set()
    begun = [name]
    while begun:
        one = begun.pop()
        if one in plugins and one not in found:
            found.add(one)
            info = plugins[one].info
            begun += info.requires if info is not None else ()
    return found


# -------------------------------------------------------------------- reports and commands


def run_owned(
    registry: PluginRegistry,
    owned: Owned[Any],
    run: Callable[[Any, Mapping[str, str]], Outcome],
    options: Mapping[str, str],
    *,
    as_of: date | None = None,
) -> Outcome:
    """What a report, or a verb of a command, answers: `run` is its function, `as_of` the day that is asked about.

    Raises:
        PluginFailed: the plugin failed.
        PartnersError: it refused in our words.
    """
    given = MappingProxyType(dict(options))
    return registry.call(
        owned,
        lambda context: _outcome(run(context, given)),
        limit=WORK_LIMITS * registry.policy.limit,
        as_of=as_of,
    )


def _outcome(result: object) -> Outcome:
    found = one(result, Outcome, "an Outcome")
    return Outcome(
        sheets=tuple(_sheet(each) for each in taken(found.sheets, Sheet, "Sheet")),
        notes=tuple(map(plain, taken(found.notes, str, "notes"))),
        findings=bool(found.findings),
        undecided=bool(found.undecided),
    )


def _sheet(sheet: Sheet) -> Sheet:
    columns = tuple(map(plain, taken(sheet.columns, str, "headers")))
    if len(set(columns)) != len(columns):
        raise Misfit("it answered two columns under one header")
    rows = tuple(tuple(row) for row in taken(sheet.rows, (tuple, list), "rows"))
    for row in rows:
        if len(row) != len(columns):
            raise Misfit(f"it answered a row of {len(row)} cells under {len(columns)} headers")
    private = tuple(map(plain, taken(sheet.private, str, "headers")))
    if set(private) - set(columns):
        raise Misfit("it answered a column that is for staff only and that is none of its columns")
    if not isinstance(sheet.title, str) or not isinstance(sheet.note, str):
        raise Misfit("it answered a title or a note that is no text")
    return Sheet(
        title=plain(sheet.title),
        columns=columns,
        rows=tuple(tuple(map(cell_of, row)) for row in rows),
        note=plain(sheet.note),
        private=private,
    )


__all__ = [
    "CHECK_LIMITS",
    "WORK_LIMITS",
    "BoundGeocoder",
    "bring_types",
    "checks_of",
    "columns_of",
    "declared_by",
    "geocoder_of",
    "geocoders_of",
    "named",
    "query_fields_of",
    "refuse",
    "rule_kind",
    "run_owned",
    "usable",
]
