"""What the columns of a file mean, guessed from their names and their values, each with the reason in words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from partners_crm.model import Contact, Organization
from partners_crm.normalize.contact_values import normalize_email, normalize_web
from partners_crm.normalize.text import fold
from partners_crm.services.importing.cells import MAIL_WORDS, OF_MEMBERS_ALONE, is_blank, is_status, town_state_zip
from partners_crm.services.importing.mapping import ColumnMapping, Use
from partners_crm.services.importing.persons import by_prefix
from partners_crm.services.importing.targets import IGNORED, PERSONAL, RECORDS, VALUES, Target, known_names
from partners_crm.services.rows import COMPUTED
from partners_crm.services.values import yes_or_no

SURE = 0.8
"""The share of the values of a column that must look alike before they decide what it is."""
ALIKE = 90
"""How alike, of 100, an unknown header must be to a known one."""
_SHORTEST_ALIKE = 6
_SHORTEST_BEGINNING = 3
_MOST_GROUP_WORDS = 2
"""Words of a group of columns that may stand before the name of one."""
_NUMBERED = re.compile(r"(.*?) ?([1-9])(?: (.*))?")
_BESIDE = frozenset(
    (
        "primary",
        "main",
        "work",
        "business",
        "office",
        "organization",
        "agency",
        "company",
        "member",
        "mbr",
        "membership",
    )
)
_BESIDE_A_PLACE = frozenset(("site", "street", "mailing", "work", "business", "office", "main", "primary"))
_OF_ANYTHING = frozenset(("name", "type", "kind", "status", "notes", "note", "title", "id", "location"))
"""Names of columns that say little behind another word: the name of a street is nobody's."""
_OF_OUR_OWN = 3
"""Fields under their own names that make a file one of ours."""
_LISTED = ("silos", "house", "senate", "status", "city", "contact", "associations")
"""What the list of organizations computes, and no other."""
_OF_MEMBERS = frozenset(("member", "members", "membership", "mbr"))
"""Words of headers that speak of the tie to the coalition."""
_MEMBERS_SAY = tuple([word] for word in sorted(OF_MEMBERS_ALONE))
_TOWNS = frozenset(("city", "town"))
_ZIPS = frozenset(("zip", "zipcode", "postal", "postcode"))
_IS_COMPUTED = "computed by the list it was exported from"
_PERSON_WORDS = ("contact", "person", "attendee")
_PEOPLE = frozenset({"contact", "role"})
_OF_PEOPLE = frozenset(
    Target("", name) for name in (*PERSONAL, "phone", "fax", "email_status", "unsubscribed", "do_not_contact")
)
_LAST_WORDS = ("value", "formatted")
_DATE = re.compile(r"(\d\d?)[-/.](\d\d?)[-/.](?:\d{4}|\d\d)", re.ASCII)
_ZIP = re.compile(r"\d{5}(?:-?\d{4})?(?:\.0)?", re.ASCII)
_EIN = re.compile(r"\d\d-\d{7}", re.ASCII)
_PHONE = re.compile(
    r"(?:\+?1[ .-]?)?(?:\(\d{3}\)|\d{3})[ .-]?\d{3}[ .-]?\d{4}(?:\W*(?:ext\W*|x ?)\d+)?", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Found:
    target: Target
    rank: int
    """Smaller is surer."""
    reason: str


@dataclass(slots=True)
class Coalition:
    """What a guess has to know of the coalition: its silos and its own fields by their folded names."""

    silos: Mapping[str, str] = field(default_factory=dict)
    """Code of a silo by its folded code, name and label."""
    own: Mapping[str, str] = field(default_factory=dict)
    """Key of a coalition-defined field by its folded key and label."""


def guess(
    headers: Sequence[str], sample: Iterable[Sequence[str]] = (), coalition: Coalition | None = None
) -> ColumnMapping:
    """What each column means. Of two columns for one field the better known name wins, then the first."""
    coalition = coalition or Coalition()
    if (uses := _of_our_own(headers, coalition)) is not None:
        return ColumnMapping(tuple(headers), tuple(uses))
    values: list[list[str]] = [[] for _ in headers]
    for cells in sample:
        for number, cell in enumerate(cells[: len(headers)]):
            if not is_blank(cell):
                values[number].append(cell.strip())
    found: dict[int, list[_Found]] = {}
    for number, header in enumerate(headers):
        said = [*_by_header(header, values[number], coalition), *_by_values(header, values[number])]
        found[number] = [] if header.startswith(COMPUTED) else said
    _name_beside_an_organization(headers, values, found)
    _people_by_prefix(headers, found)
    uses = _settle(headers, found)
    return ColumnMapping(tuple(headers), tuple(uses), day_first=_day_first(uses, values))


def _of_our_own(headers: Sequence[str], coalition: Coalition) -> list[Use] | None:
    """What the columns of an export of organizations or contacts mean; None for any other file.

    Its records are known by their uid. Columns that the list computes, and links, are for people to read.
    """
    names = set(headers)
    if "uid" not in names:
        return None
    tables = (Contact, Organization)
    table = next((each for each in tables if len(names & each.declarations().keys()) > _OF_OUR_OWN), None)
    if table is None and any(header.startswith(COMPUTED) for header in headers):
        # A few columns were asked for: what the list computes tells whose list it was.
        table = Organization if names & {f"{COMPUTED}{name}" for name in _LISTED} else Contact
    if table is None:
        return None
    uses = []
    for header in headers:
        how = table.declarations().get(header)
        if header == "uid":
            uses.append(Use(Target("", "uid"), "known by it"))
        elif how is not None and how.kind != "link" and not how.derived:
            kind = "" if header in VALUES else table.entity.name
            uses.append(Use(Target(kind, header), "a field of its own name"))
        elif key := coalition.own.get(fold(header.replace("_", " "))):
            uses.append(Use(Target("own", key), "a field of this coalition"))
        else:
            is_link = header.removesuffix("_uid") in table.links()
            uses.append(Use(None, "a link, for people to read" if is_link else _why_nothing(header)))
    return uses


def _settle(headers: Sequence[str], found: Mapping[int, list[_Found]]) -> list[Use]:
    """Give each target to the column that is surest of it."""
    chosen: dict[int, _Found] = {}
    owners: dict[Target, int] = {}
    order = sorted((each.rank, place, number) for number, some in found.items() for place, each in enumerate(some))
    for _, place, number in order:
        each = found[number][place]
        if number in chosen or (each.target in owners and not each.target.is_several):
            continue
        chosen[number] = each
        owners[each.target] = number
    uses = []
    for number in range(len(headers)):
        if number in chosen:
            uses.append(Use(chosen[number].target, chosen[number].reason))
        elif taken := [each.target for each in found[number] if each.target in owners]:
            uses.append(Use(None, f"{headers[owners[taken[0]]]} is the {taken[0].described}"))
        else:
            uses.append(Use(None, _why_nothing(headers[number])))
    return uses


def _why_nothing(header: str) -> str:
    return _IS_COMPUTED if header.startswith(COMPUTED) else "neither its name nor its values are known"


def _by_header(header: str, values: Sequence[str], coalition: Coalition) -> list[_Found]:
    folded = fold(header)
    if not folded or folded in IGNORED:
        return []
    if code := _silo(folded, values, coalition):
        return [_Found(Target("silo", code), 0, "names a silo, its cells are marks")]
    if (tie := _tie(folded, values)) or (tie := _town(folded)):
        return [tie]
    found: list[_Found] = []
    for skipped, some in enumerate(_endings(folded)):
        # The words above a group of columns stand before their own.
        if key := coalition.own.get(some):
            return [_Found(Target("own", key), 0, "a field of this coalition")]
        if skipped and some in _OF_ANYTHING and folded.split()[0] not in _BESIDE:
            continue
        found = [_Found(target, rank + 15 * skipped, "a known name of it") for target, rank in _named(some)]
        if found:
            break
    if not found:
        found = _alike(folded)
    return [each for each in found if _fits(each.target, values)] or _instead(found)


def _tie(folded: str, values: Sequence[str]) -> _Found | None:
    """A column such as `Member?` or `Membership`, whose values are those of a status."""
    words = folded.split()
    if folded in known_names() and folded not in _OF_MEMBERS:
        return None
    if _OF_MEMBERS.isdisjoint(words) or not values or _share(values, is_status) < SURE:
        return None
    return _Found(Target("membership", "status"), 0, "its values are the status of a member")


def _town(folded: str) -> _Found | None:
    """A column such as `City/State/ZIP`, whose cells hold all of them, or `City, State`."""
    words = set(folded.split())
    if words.isdisjoint(_TOWNS):
        return None
    if not words.isdisjoint(_ZIPS):
        return _Found(Target("site", "postal_code"), 3, "holds the town with its ZIP code")
    return _Found(Target("site", "city"), 3, "holds the town with its state") if words & {"state", "st"} else None


def _endings(folded: str) -> Iterator[str]:
    """A header, then what is left of it without its first words; of `DBA or acronym` each part."""
    words = folded.split()
    for start in range(min(len(words), _MOST_GROUP_WORDS + 1)):
        yield " ".join(words[start:])
    if "or" in words:
        place = words.index("or")
        yield words[place - 1] if place else ""
        yield " ".join(words[place + 1 :])


def _silo(folded: str, values: Sequence[str], coalition: Coalition) -> str:
    """The code of the one silo that a column of marks is named after; "" when it is none, or not one alone."""
    if not values or not all(yes_or_no(value) is not None for value in values):
        return coalition.silos.get(folded, "") if not values and folded not in known_names() else ""
    for some in _endings(folded):
        if some in coalition.silos:
            return coalition.silos[some]
        named = some.split()
        codes = {
            code
            for name, code in coalition.silos.items()
            if named and all(any(_begins(word, other) for other in name.split()) for word in named)
        }
        if len(codes) == 1 and some not in known_names():
            return codes.pop()
    return ""


def _begins(word: str, other: str) -> bool:
    return word == other or (len(word) >= _SHORTEST_BEGINNING and other.startswith(word))


def _named(folded: str) -> list[tuple[Target, int]]:
    """(target, rank) of a header that is a known name, with a number in it or a word before it."""
    names = known_names()
    if folded in names:
        return [names[folded]]
    if numbered := _NUMBERED.fullmatch(folded):
        before, digit, after = numbered[1], int(numbered[2]), numbered[3] or ""
        words = [word for word in (*before.split(), *after.split()) if word not in _LAST_WORDS]
        is_person = any(word in _PERSON_WORDS for word in words)
        for some in (words, [word for word in words if word not in _PERSON_WORDS]):
            if (plain := " ".join(some)) in names or (is_person and plain in {"", "name"}):
                target, rank = names[plain] if plain else (Target("contact", "name"), 0)
                if is_person and plain == "name":
                    target = Target("contact", "name")
                if is_person and (target.kind in _PEOPLE or target.name in PERSONAL or target.name == "phone"):
                    name = "contact_phone" if target.name == "phone" else target.name
                    return [(target._replace(name=name, person=digit), rank + 5)]
                if target.is_several or digit == 1:
                    return [(target, rank + 5)]
        return []
    first, _, rest = folded.partition(" ")
    if first in _PERSON_WORDS and rest in names:
        target, rank = names[rest]
        if target == Target("", "phone"):
            return [(Target("", "contact_phone"), rank + 10)]
        return [(target, rank + 10)] if target.kind in _PEOPLE or target.name in PERSONAL else []
    if rest not in names or not (first in _BESIDE or first in _BESIDE_A_PLACE):
        return []
    target, rank = names[rest]
    is_place = target.kind == "site" or target == Target("", "phone")
    return [(target, rank + 10)] if is_place or first not in _BESIDE_A_PLACE else []


def _alike(folded: str) -> list[_Found]:
    if len(folded) < _SHORTEST_ALIKE:
        return []
    from rapidfuzz import fuzz, process  # most files have headers that are known

    best = process.extractOne(folded, list(known_names()), scorer=fuzz.ratio, score_cutoff=ALIKE)
    if best is None:
        return []
    target, rank = known_names()[best[0]]
    return [_Found(target, 40 + rank, f"looks like {best[0]}")]


def _fits(target: Target, values: Sequence[str]) -> bool:
    """Whether the values of a column speak against what its name says."""
    if target == Target("membership", "status"):
        of_members = sum(map(is_status, values))
        return of_members >= sum(fold(value) in MAIL_WORDS for value in values)
    if target == Target("site", "name") and len(values) > 1:
        return _share(values, _is_town) < SURE
    if len(values) < 3:
        return True
    if target.kind == "" and target.name in {"unsubscribed", "do_not_contact"}:
        return True
    if target in {Target("", "phone"), Target("", "contact_phone"), Target("", "fax")}:
        return _share(values, lambda value: sum(letter.isdigit() for letter in value) >= 7) > 0.1
    if target == Target("identifier", "value"):
        return _share(values, lambda value: sum(letter.isdigit() for letter in value) >= 7) > 0.3
    if target.kind == "site" and target.name in {"latitude", "longitude"}:
        return _share(values, _is_number) > 0.5
    return True


def _instead(found: Sequence[_Found]) -> list[_Found]:
    if any(each.target == Target("membership", "status") for each in found):
        return [_Found(Target("", "email_status"), 5, "its values are those of a mail program")]
    return []


def _by_values(header: str, values: Sequence[str]) -> list[_Found]:
    """What the values alone say; weaker than any known name."""
    if len(values) < 2:
        return []
    words = fold(header)
    total = len(values)

    def found(target: Target, count: float, what: str) -> list[_Found]:
        return [_Found(target, 60, f"{round(count * total)} of {total} values {what}")]

    mails = _share(values, lambda value: bool(normalize_email(value)[0]))
    if mails >= SURE:
        return found(Target("", "email"), mails, "are mail addresses")
    phones = _share(values, lambda value: bool(_PHONE.fullmatch(value)))
    if phones >= SURE:
        if "fax" in words:
            return found(Target("", "fax"), phones, "are phone numbers, and its name says fax")
        is_mobile = any(word in words for word in ("cell", "mobile", "direct"))
        return found(Target("", "contact_phone" if is_mobile else "phone"), phones, "are phone numbers")
    for pattern, target, what in (
        (_EIN, Target("identifier", "value"), "are EINs"),
        (_ZIP, Target("site", "postal_code"), "are ZIP codes"),
    ):
        share = _share(values, lambda value, pattern=pattern: bool(pattern.fullmatch(value)))  # type: ignore[misc]  # the default binds it
        if share >= SURE and (what == "are EINs" or "zip" in words or "post" in words):
            return found(target, share, what)
    if (towns := _share(values, _is_town)) >= SURE:
        return found(Target("site", "postal_code"), towns, "are a town, a state and a ZIP code")
    statuses = _share(values, is_status)
    is_foreign = "status" in words.split() and not _OF_MEMBERS.intersection(words.split())
    if statuses >= SURE and not is_foreign and any(fold(value).split()[:1] in _MEMBERS_SAY for value in values):
        return found(Target("membership", "status"), statuses, "begin with the status of a member")
    webs = _share(values, lambda value: "." in value and "@" not in value and bool(normalize_web(value)[0]))
    if webs >= SURE and any(each.lower().startswith(("http", "www.")) for each in values):
        return found(Target("", "web"), webs, "are web addresses")
    return []


def _name_beside_an_organization(
    headers: Sequence[str], values: Sequence[Sequence[str]], found: dict[int, list[_Found]]
) -> None:
    """Beside a column that names the organization, "Name" is a person's."""
    organization = Target("organization", "name")
    has_names = any(fold(header) == "name" and cells for header, cells in zip(headers, values, strict=True))
    others = []
    for number, some in found.items():
        if fold(headers[number]) != "name" and any(each.target == organization for each in some):
            if values[number] or not has_names:
                others.append(number)
            else:
                some.clear()  # an empty column names nobody
    if not others and _is_list_of_people(found):
        for number, header in enumerate(headers):
            if fold(header) == "name":
                found[number] = [_Found(Target("contact", "name"), 0, "the other columns are those of people")]
    for number, header in enumerate(headers):
        if fold(header) == "name" and others:
            found[number] = [_Found(Target("contact", "name"), 0, f"{headers[others[0]]} names the organization")]
    # A second name of the organization is one it is also known by.
    for number in others:
        found[number].append(_Found(Target("other_name", "name"), 50, "another column names the organization"))


def _is_list_of_people(found: Mapping[int, list[_Found]]) -> bool:
    """Whether the columns beside a name are those of people, and none is that of an organization."""
    targets = {some[0].target for some in found.values() if some} - {Target("organization", "name")}
    personal = {target for target in targets if target.kind in _PEOPLE or target in _OF_PEOPLE}
    is_of_people = Target("", "email") in personal or any(target.kind in _PEOPLE for target in personal)
    return is_of_people and personal | {Target("organization", "note"), Target("", "tag")} >= targets


def _people_by_prefix(headers: Sequence[str], found: dict[int, list[_Found]]) -> None:
    """Make people of their own of columns such as `ED Email`, `Chair Email`, `Board Chair`."""
    guessed = {number: some[0].target if some else None for number, some in found.items()}
    for number, target, reason in by_prefix(headers, guessed):
        found[number] = [_Found(target, 0, reason)] if target else []


def _day_first(uses: Sequence[Use], values: Sequence[Sequence[str]]) -> bool:
    """Whether dates of the file are written day first: only what cannot be read the other way decides."""
    votes: Counter[bool] = Counter()
    for use, cells in zip(uses, values, strict=True):
        how = use.target.declared if use.target else None
        if how is not None and how.kind == "day":
            for cell in cells:
                if read := _DATE.match(cell):
                    first, second = int(read[1]), int(read[2])
                    if (first > 12) != (second > 12):
                        votes[first > 12] += 1
    return votes[True] > votes[False]


def _share(values: Sequence[str], test: Callable[[str], bool]) -> float:
    return sum(map(test, values)) / len(values)


def _is_town(text: str) -> bool:
    """Whether a text is a town with its state and its ZIP code."""
    place = town_state_zip(text)
    return place is not None and bool(place.postal_code)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def entity_words() -> tuple[str, ...]:
    """The entities a column can fill, as typed in a mapping."""
    return tuple(table.entity.name for table in RECORDS)
