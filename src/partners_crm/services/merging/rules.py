"""When two records that hang on merged ones say the same, and what becomes of what they say differently.

Every entity with a link to something that can be merged has its rule here. A record of one that went is folded into
one of the survivor's only where nothing contradicts: what both fill is the same, but for what a rule decides.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from partners_crm.model import (
    Affiliation,
    Assignment,
    Contact,
    ContactPoint,
    CustomValue,
    DistinctPair,
    Identifier,
    Membership,
    Organization,
    OtherName,
    Posture,
    Role,
    ServiceLine,
    SiloShare,
    Site,
    Table,
    Tag,
    Tagging,
    Term,
)
from partners_crm.normalize.addresses import place_key
from partners_crm.normalize.dates import UNKNOWN
from partners_crm.normalize.text import fold
from partners_crm.services.importing.keys import number_clue, point_value
from partners_crm.services.records import ends_before

MERGEABLE: tuple[type[Table], ...] = (Organization, Contact, Site, Tag)
"""What can be merged."""
Values = Mapping[str, Any]
Decide = Callable[[Any, Any], Any]
"""What a field says in the end: (what the one that stays says, what the other says)."""


def either(kept: Any, lost: Any) -> bool:
    """A flag that holds where one of the two says so."""
    return bool(kept or lost)


def earlier(kept: str, lost: str) -> str:
    """The earlier of two dates; one that is not known does not count."""
    return min(filter(None, (kept, lost)), default="")


def later(kept: str, lost: str) -> str:
    """The later of two dates."""
    return max(kept, lost)


def worse(kept: str, lost: str) -> str:
    """The state of a way to reach somebody that warns more."""
    order = ("ok", "unreadable", "former", "bounced")
    return max(kept, lost, key=order.index)


def more_telling(kept: str, lost: str) -> str:
    """The kind of a name that says more than "other"."""
    return lost if kept == "other" else kept


def is_blank(value: Any) -> bool:
    """Whether a value says nothing: an empty text, no number, no link."""
    return value is None or value == ""


@dataclass(frozen=True, slots=True)
class Same:
    """When two records of an entity are one, once they hang on the same."""

    by: Callable[[Values], Hashable | None]
    """What only records that say the same share; None for one that is like no other."""
    agree: tuple[str, ...] = ()
    """Fields that must not contradict each other: they are the same but for case and accents, or one is empty."""
    decide: Mapping[str, Decide] = field(default_factory=dict)
    """Fields that a rule decides; of all others the survivor's value stays, and an empty one is filled."""
    once: bool = False
    """Whether there may be only one: two are folded whatever they say."""
    apart: tuple[tuple[str, str], ...] = ()
    """Pairs of links that must not point to the same record: one that would is dropped."""
    together: tuple[tuple[str, ...], ...] = ()
    """Fields that are taken from one side only: filled together where all of the survivor's are empty."""
    exact: tuple[str, ...] = ()
    """Fields in which the two may differ as `near` tells. One that is the same in them comes before."""
    near: Callable[[Values, Values], bool] | None = None
    """Whether two records that differ in the fields of `exact` are one."""


def known_day(kept: str, lost: str) -> str:
    """The day that is known."""
    return lost if kept in {"", UNKNOWN} and lost else kept


def _facts(*names: str) -> Callable[[Values], Hashable]:
    """The same values in these fields; texts but for case and accents."""
    return lambda values: tuple(_plain(values[name]) for name in names)


def _plain(value: Any) -> Hashable:
    return (fold(value) or value.strip()) if isinstance(value, str) else value


def _point(values: Values) -> Hashable:
    return (values["organization"], values["site"], values["contact"], values["kind"], point_value(values))


def _number(values: Values) -> Hashable:
    return values["organization"], number_clue(values["system"], values["value"])


def _place(values: Values) -> Hashable | None:
    """The place of a site: of one with a street that, else all that it says of where it is."""
    is_mail = values["kind"] == "mailing"
    own = values["organization"], is_mail, values["until"]
    if values["street"]:
        return *own, place_key(values["street"], values["unit"], values["postal_code"], values["city"])
    said = tuple(fold(values[name]) for name in ("address", "unit", "city", "state", "postal_code"))
    if not any(said) and not values["name"]:
        return None
    return *own, said, values["latitude"], values["longitude"], fold(values["name"])


def _pair(values: Values) -> Hashable:
    return tuple(frozenset((values[name], values[f"other_{name}"])) - {None} for name in ("organization", "contact"))


def is_dateless(values: Values) -> bool:
    """Whether a tie has no dates at all."""
    return values["since"] in {"", UNKNOWN} and not values["until"]


def _one_membership(kept: Values, lost: Values) -> bool:
    """Whether one of two memberships has no dates, and can be the other one, which has.

    One that lasts is not one that is over, and one that was known before the other began is another one.
    """
    if not (is_dateless(kept) or is_dateless(lost)) or _plain(kept["tier"]) != _plain(lost["tier"]):
        return False
    bare, dated = (kept, lost) if is_dateless(kept) else (lost, kept)
    if dated["until"] and bare["status"] == "active":
        return False
    begun = "" if dated["since"] == UNKNOWN else dated["since"]
    return not (begun and bare["recorded_on"] and ends_before(begun, bare["recorded_on"]))


def _hq(kept: str, lost: str) -> str:
    """A headquarters stays one; where mail goes is no place of work, whatever the other is."""
    return "hq" if kept != "mailing" and lost == "hq" else kept


RULES: Mapping[type[Table], Same] = {
    # Its links to itself are those of a tree: an organization is like no other.
    Organization: Same(lambda _values: None),
    OtherName: Same(_facts("organization", "name"), decide={"kind": more_telling}),
    Identifier: Same(_number),
    Site: Same(
        _place,
        agree=("name", "service_area", "since"),
        decide={"kind": _hq},
        together=(("latitude", "longitude", "match_level"),),
    ),
    ServiceLine: Same(
        _facts("organization", "site", "name", "fiscal_year"), agree=("silo", "funder"), decide={"active": either}
    ),
    SiloShare: Same(_facts("organization", "silo"), once=True),
    Role: Same(
        _facts("contact", "organization", "since", "until"),
        agree=("title", "department"),
        decide={"is_primary": either, "speaks_for": either, "votes_for": either},
    ),
    ContactPoint: Same(
        _point,
        agree=("extension", "use"),
        decide={"status": worse, "do_not_contact": either},
    ),
    Membership: Same(
        _facts("organization", "status"),
        agree=("tier", "reason", "recruited_by"),
        decide={"recorded_on": earlier, "since": known_day},
        exact=("since", "until"),
        near=_one_membership,
    ),
    Affiliation: Same(
        _facts("organization", "association", "since", "until"),
        agree=("source",),
        decide={"dues_paying": either, "confirmed_on": later},
        apart=(("organization", "association"),),
    ),
    Posture: Same(
        _facts("organization", "level", "since"), agree=("evidence", "reasons"), decide={"recorded_on": earlier}
    ),
    Tagging: Same(_facts("tag", "organization", "contact"), once=True),
    CustomValue: Same(_facts("field", "organization", "contact", "site"), once=True),
    Assignment: Same(
        _facts("site", "district", "method", "match_level", "share", "replaced_at", "reason"),
        agree=("border_m", "neighbour", "snapped_m"),
        decide={"computed_at": earlier},
    ),
    Term: Same(_facts("seat", "contact", "status", "since", "until"), agree=("party", "source")),
    DistinctPair: Same(
        _pair,
        once=True,
        apart=(("organization", "other_organization"), ("contact", "other_contact")),
    ),
}


def is_exact(rule: Same, kept: Values, lost: Values) -> bool:
    """Whether two records are the same in all that tells them apart."""
    return all(_plain(kept[name]) == _plain(lost[name]) for name in rule.exact)


def agree(rule: Same, kept: Values, lost: Values) -> bool:
    """Whether two records with the same identity contradict each other nowhere."""
    if rule.near is not None and not is_exact(rule, kept, lost) and not rule.near(kept, lost):
        return False
    return rule.once or all(
        is_blank(kept[name]) or is_blank(lost[name]) or _plain(kept[name]) == _plain(lost[name]) for name in rule.agree
    )


def combined(table: type[Table], rule: Same, kept: Values, lost: Values) -> dict[str, Any]:
    """What the one that stays says with what the other adds."""
    found = dict(kept)
    bound = {name for names in rule.together for name in names}
    for names in rule.together:
        if all(is_blank(kept[name]) for name in names):
            found |= {name: lost[name] for name in names}
    for name, how in table.declarations().items():
        if name in rule.decide:
            found[name] = rule.decide[name](kept[name], lost[name])
        elif name not in bound and how.kind != "flag" and is_blank(kept[name]):
            found[name] = lost[name]
    return sane_span(found, kept)


def sane_span(found: dict[str, Any], kept: Values) -> dict[str, Any]:
    """Without a filled first day after the last one."""
    since, until = found.get("since"), found.get("until")
    if since and until and ends_before(since, until):
        found |= {"since": kept["since"], "until": kept["until"]}
    return found


def canonical(table: type[Table], values: dict[str, Any]) -> dict[str, Any]:
    """A pair with the smaller id first; anything else as it is."""
    if table is DistinctPair:
        for name in ("organization", "contact"):
            one, other = values[name], values[f"other_{name}"]
            if one is not None and other is not None and one > other:
                values |= {name: other, f"other_{name}": one}
    return values
