"""Possible duplicates: a short, careful list of pairs that a person should look at, with the evidence in words.

A pair shares a key that stands for one body alone (its EIN, a mail address of its own), or two things that do not
follow from each other: a similar name, and a phone, a street address, a town or an organization. Phone and street
address say the same: a whole building shares them. Nothing here is ever merged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

from partners_crm.model import Contact, ContactPoint, Identifier, Organization, OtherName, Role, Site, Table
from partners_crm.normalize.addresses import place_key
from partners_crm.normalize.names import split_name
from partners_crm.normalize.spelling import ABBREVIATIONS, OPPOSED
from partners_crm.normalize.text import fold, name_key
from partners_crm.store.open import Handle
from partners_crm.store.read import tuples

MOST = 300
"""Pairs of one kind of record that are listed: more than a person looks at in an afternoon."""
GENERIC = 20
"""Records that share a key from which on it says little, as the phone of a switchboard: only equal names are paired."""
ALIKE = 80.0
"""Likeness of two words, of 100, from which one is the other with a slip of the finger: `Reyes` and `Reyez` have 80."""
LONG_WORD = 5
"""Letters from which on a word may differ at all."""
_WEIGHTS = {"identifier": 5, "mail": 4, "phone": 3, "place": 3, "organization": 3, "town": 1}
_WORDS = {
    "mail": "same mail",
    "phone": "same phone",
    "place": "same street address",
    "organization": "same organization",
    "town": "same town",
}
_ROLE_MAILBOXES = frozenset(
    (
        *("admin", "administrator", "advocacy", "contact", "director", "executive", "finance", "frontdesk", "hello"),
        *("help", "hr", "info", "information", "intake", "mail", "main", "membership", "office", "policy", "programs"),
        *("reception", "secretary", "staff", "support"),
    )
)
_FILLERS = frozenset(("a", "and", "at", "for", "in", "of", "on", "the", "to"))
_GENERATIONS = OPPOSED[1]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that may be one."""

    entity: str
    first: int
    """The smaller id."""
    second: int
    first_title: str
    second_title: str
    evidence: tuple[str, ...]
    """What they share, the strongest first: ("same phone", "similar name")."""

    @property
    def why(self) -> str:
        """The evidence as one text."""
        *most, last = self.evidence
        return f"{', '.join(most)} and {last}" if most else last


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of one kind of record, the likeliest first."""

    pairs: tuple[Pair, ...]
    found: int
    """How many there are; more than `pairs` where the list was cut."""
    looked_at: int
    """Records that were compared."""


@dataclass(slots=True)
class _Known:
    """What is known of a record."""

    title: str
    names: list[tuple[str, ...]]
    """The words of each of its names."""
    bare: frozenset[str]
    """The words that its main name has and `names` leaves out: Jr., III."""
    kin: frozenset[int] = frozenset()
    """Records it is known to be another than, and tied to: its parent, its successor."""
    numbers: dict[str, set[str]] = field(default_factory=dict)
    """Its numbers, by system."""


Blocks = dict[tuple[str, str], list[int]]
"""The records that share a key, by (kind of the key, key)."""


def possible_duplicates(
    db: Handle, table: type[Table], among: Collection[int] | None = None, limit: int = MOST
) -> Pairs:
    """The pairs of organizations or of contacts that may be one, the likeliest first; archived records are left out.

    With `among` only pairs that one of these ids is part of. What is read is read in a few questions, whatever the
    number of records.
    """
    people = table is not Organization
    known, every = _contacts(db) if people else _organizations(db)
    several = {key: sorted(set(members)) for key, members in every.items() if len(members) > 1}
    blocks = {key: members for key, members in several.items() if len(members) > 1}
    pairs: set[tuple[int, int]] = set()
    for (kind, key), members in blocks.items():
        own = kind == "mail" and len(members) == 2 and _is_own(key)
        for pair in _candidates(kind, members, known):
            if (among is None or pair[0] in among or pair[1] in among) and pair not in pairs:
                one, other = known[pair[0]], known[pair[1]]
                if pair[1] not in one.kin and pair[0] not in other.kin and _is_enough(kind, own, one, other, people):
                    pairs.add(pair)
    scored = []
    for (first, second), keys in _shared(blocks, pairs).items():
        weight, words = _evidence(known[first], known[second], keys, people=people)
        scored.append((-weight, known[first].title.casefold(), first, second, words))
    scored.sort()
    entity = table.entity.name
    listed = [
        Pair(entity, first, second, known[first].title, known[second].title, words)
        for _, _, first, second, words in scored[:limit]
    ]
    return Pairs(tuple(listed), len(scored), len(known))


def are_alike(one: str, other: str) -> bool:
    """Whether two names of organizations are spellings of one name, or one is the initials of the other."""
    return bool(_likeness(_words(one), _words(other), people=False))


# -------------------------------------------------------------------- what is known


def _organizations(db: Handle) -> tuple[dict[int, _Known], Blocks]:
    columns = (Organization.id, Organization.name, Organization.parent, Organization.successor)
    known: dict[int, _Known] = {}
    for key, name, parent, successor in tuples(db, Organization.select(*columns).where(Organization.archived_on == "")):
        kin = frozenset(each for each in (parent, successor) if each is not None)
        known[key] = _Known(name, [_words(name)], frozenset(), kin)
    for key, name in tuples(db, OtherName.select(OtherName.organization, OtherName.name)):
        if key in known and (words := _words(name)):
            known[key].names.append(words)
    blocks: Blocks = {}
    query = Identifier.select(Identifier.organization, Identifier.system, Identifier.value)
    for key, system, value in tuples(db, query):
        number = "".join(filter(str.isalnum, value)).casefold()
        # 00-0000000 and N/A stand for "none".
        if key in known and len(number) >= 4 and len(set(number)) > 1:
            known[key].numbers.setdefault(fold(system), set()).add(number)
            _put(blocks, "identifier", f"{fold(system)} {number}", key)
    sites = Site.select(Site.organization, Site.street, Site.city, Site.postal_code)
    for key, street, city, postal_code in tuples(db, sites):
        if key not in known:
            continue
        if street and (postal_code or city):
            _put(blocks, "place", place_key(street, "", postal_code, city), key)
        for town in filter(None, (fold(city), postal_code[:5])):
            _put(blocks, "town", f"{town} {' '.join(known[key].names[0])}", key)
    owned = ContactPoint.select(
        ContactPoint.organization, ContactPoint.kind, ContactPoint.value, ContactPoint.extension
    ).where(ContactPoint.organization.is_null(False) & (ContactPoint.value != ""))
    sited = (
        ContactPoint.select(Site.organization, ContactPoint.kind, ContactPoint.value, ContactPoint.extension)
        .join(Site, on=(ContactPoint.site == Site.id))
        .where(ContactPoint.value != "")
    )
    for points in (owned, sited):
        _put_points(blocks, known, tuples(db, points))
    return known, blocks


def _contacts(db: Handle) -> tuple[dict[int, _Known], Blocks]:
    known: dict[int, _Known] = {}
    for key, name in tuples(db, Contact.select(Contact.id, Contact.name).where(Contact.archived_on == "")):
        words = tuple(fold(" ".join(split_name(name))).split())
        known[key] = _Known(name, [words], _GENERATIONS & set(fold(name).split()))
    blocks: Blocks = {}
    points = ContactPoint.select(
        ContactPoint.contact, ContactPoint.kind, ContactPoint.value, ContactPoint.extension
    ).where(ContactPoint.contact.is_null(False) & (ContactPoint.value != ""))
    _put_points(blocks, known, tuples(db, points))
    for key, organization in tuples(db, Role.select(Role.contact, Role.organization)):
        if key in known:
            _put(blocks, "organization", str(organization), key)
    return known, blocks


def _put(blocks: Blocks, kind: str, key: str, record: int) -> None:
    blocks.setdefault((kind, key), []).append(record)


def _put_points(blocks: Blocks, known: dict[int, _Known], rows: Iterable[tuple[int, str, str, str]]) -> None:
    for key, kind, value, extension in rows:
        if key in known and kind == "phone":
            _put(blocks, "phone", f"{value} {extension}".strip(), key)
        elif key in known and kind == "email":
            _put(blocks, "mail", value.casefold(), key)


def _is_own(mail: str) -> bool:
    """Whether a mailbox is called by a name, not by an office."""
    return mail.partition("@")[0].replace(".", "").replace("-", "") not in _ROLE_MAILBOXES


# -------------------------------------------------------------------- pairs


def _candidates(kind: str, members: list[int], known: dict[int, _Known]) -> Iterator[tuple[int, int]]:
    if len(members) <= GENERIC and kind != "town":
        yield from combinations(members, 2)
        return
    # Each with the first of its name: the pairs of a great block grow with it, not with its square.
    first: dict[tuple[str, ...], int] = {}
    for key in members:
        if known[key].names[0]:
            other = first.setdefault(known[key].names[0], key)
            if other != key:
                yield other, key


def _is_enough(kind: str, own: bool, one: _Known, other: _Known, people: bool) -> bool:
    """Whether two records that share a key, and what their names say, may be one.

    A mailbox of a name that two records share and no third, `own`, is a key by itself; people who share one must share
    a word of their names too.
    """
    if kind == "identifier":
        return True
    # Two numbers of one system are two bodies.
    if any(one.numbers[system].isdisjoint(other.numbers[system]) for system in one.numbers.keys() & other.numbers):
        return False
    return (own and (not people or _share_a_word(one, other))) or bool(_alike(one, other, people=people))


def _shared(
    blocks: Mapping[tuple[str, str], list[int]], pairs: set[tuple[int, int]]
) -> dict[tuple[int, int], dict[str, str]]:
    """The keys that each pair shares, by their kinds."""
    wanted = {record for pair in pairs for record in pair}
    keys_of: dict[int, set[tuple[str, str]]] = {record: set() for record in wanted}
    for key, members in blocks.items():
        for record in wanted.intersection(members):
            keys_of[record].add(key)
    return {pair: dict(sorted(keys_of[pair[0]] & keys_of[pair[1]])) for pair in pairs}


def _evidence(one: _Known, other: _Known, keys: Mapping[str, str], *, people: bool) -> tuple[int, tuple[str, ...]]:
    """(weight, words) of what two records share."""
    words, weight = [], 0
    for kind, value in _WEIGHTS.items():
        if kind in keys and (kind != "town" or len(keys) == 1):
            words.append(_numbered(keys[kind]) if kind == "identifier" else _WORDS[kind])
            weight += value
    if likeness := _alike(one, other, people=people):
        words.append(likeness)
        weight += 2 if likeness == "same name" else 1
    return weight, tuple(words)


def _numbered(key: str) -> str:
    system = key.rpartition(" ")[0]
    return f"same {system.upper() if system in {'ein', 'uei', 'gata', 'duns'} else f'number of {system}'}"


def _share_a_word(one: _Known, other: _Known) -> bool:
    return any(len(word) > 1 for word in set(one.names[0]) & set(other.names[0]))


# -------------------------------------------------------------------- names


def _words(name: str) -> tuple[str, ...]:
    """The words of an organization's name that tell it from another one's, in one spelling."""
    words = name_key(name).split()
    return tuple(ABBREVIATIONS.get(word, word) for word in words if word not in _FILLERS) or tuple(words)


def _alike(one: _Known, other: _Known, *, people: bool) -> str:
    if one.bare != other.bare and one.bare and other.bare:
        return ""
    found = {_likeness(a, b, people=people) for a in one.names for b in other.names}
    return "same name" if "same name" in found else "similar name" if "similar name" in found else ""


def _likeness(one: tuple[str, ...], other: tuple[str, ...], *, people: bool) -> str:
    if not one or not other:
        return ""
    if one == other:
        return "same name"
    if "".join(one) == "".join(other) or (not people and (_are_initials(one, other) or _are_initials(other, one))):
        return "similar name"
    left, right = list(one), list(other)
    for word in one:
        if word in right:
            left.remove(word)
            right.remove(word)
    if people:
        # A middle initial that only one of them has says nothing.
        left, right = (left, [word for word in right if len(word) > 1]) if len(left) < len(right) else (left, right)
        left, right = ([word for word in left if len(word) > 1], right) if len(right) < len(left) else (left, right)
    if len(left) != len(right) or (len(left) == len(one) and len(one) > 1) or (len(right) == len(other) > 1):
        return ""
    for word in left:
        match = next((each for each in right if _is_slip(word, each, people=people)), None)
        if match is None:
            return ""
        right.remove(match)
    return "similar name"


def _are_initials(short: tuple[str, ...], words: tuple[str, ...]) -> bool:
    return len(short) == 1 and len(words) >= 3 and short[0] == "".join(word[0] for word in words)


def _is_slip(one: str, other: str, *, people: bool) -> bool:
    """Whether two words are one, misspelled or shortened."""
    if any(one in some and other in some for some in OPPOSED) or any(map(str.isdigit, one + other)):
        return False
    short, long = sorted((one, other), key=len)
    if long.startswith(short) and (len(short) >= 3 or (people and len(short) == 1)):
        return not any(short in some or long in some for some in OPPOSED)
    if len(short) < LONG_WORD:
        return False
    from rapidfuzz import fuzz  # only a question about duplicates pays for it

    return fuzz.ratio(short, long) >= ALIKE
