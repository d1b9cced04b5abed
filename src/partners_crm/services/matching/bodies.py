"""Organizations and places of business: what two records of a body are compared by.

A record may go by several names, stand in several places and be reached in several ways; of each the nearest two
count. Where it stands and how it is reached follow from each other, so that what they say together is less than the
sum; a name must speak for a pair too.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import log
from typing import NamedTuple

from partners_crm.normalize.addresses import StreetLine, street_line
from partners_crm.normalize.spelling import ABBREVIATIONS, LITTLE_WORDS, OPPOSED_WORDS
from partners_crm.normalize.text import fold, name_key
from partners_crm.services.matching import slips
from partners_crm.services.matching.candidates import Pair, Space, candidates
from partners_crm.services.matching.rarity import Values, Words, population
from partners_crm.services.matching.slips import CLOSE, NONE, SAME, WEAK
from partners_crm.services.matching.weighing import UNKNOWN, Feature

_ANOTHER = OPPOSED_WORDS | frozenset(
    (
        *("alumni", "auxiliary", "branch", "chapter", "county", "endowment", "foundation", "fund", "i", "township"),
        *("apartments", "enterprises", "holdings", "homes", "housing", "management", "properties", "realty", "thrift"),
    )
)
"""Words that make another body of a name when only one of the two has them."""
_BOTH_SAY = 0.6
"""How much of what two names share may stand on both sides apart from it: beyond that they are two names."""
_FOLLOWS = 0.5
"""What an agreement counts that follows from another: who stands in one place has one phone."""
_GIVEN_ONCE = 3
"""How much more than another value a number says that is given to nobody else: it makes one body of two names."""
_SLIPPED = log(2)
_LONG = 7
_FROM_A_WORD = 8
"""Letters from which on a word may have two slips."""
_SHORTENED = 5
"""Letters that a word lacks at least where its beginning stands for it: `deli`; `Oak` is no short form of `Oakland`."""
_CUT = 18
"""Letters of a name from which on its last word may be a beginning: no column of a list is narrower."""
_LEGAL = ("corporation", "incorporated")
_CUT_ENDING = 4
"""Letters of a legal ending that are left of it where a name is cut off."""
_INITIALS = 3
"""Words from which on their initials stand for them."""
_SURE = 5
"""Letters from which on a word that makes another body may be misspelled."""
_KEY_WORDS = 30
"""Records that share a word from which on it is no key."""

ALIKE, EQUAL = SAME, SAME + 1
"""Levels of a name above being within the other: in another spelling, and the same."""
NAME = Feature(
    "name",
    (0.02, 0.04, 0.18, 0.16, 0.6),
    ("another name", "partly the same name", "name within the other", "similar name", "same name"),
    300,
)
PLACE = Feature(
    "place",
    (0.03, 0.08, 0.01, 0.05, 0.03, 0.12, 0.08, 0.6),
    (
        *("another town", "same town, another street", "same street, another town"),
        *("same street, another number", "similar street, another town"),
        *("similar street address", "same street, another town", "same street address"),
    ),
    300,
)
"""Levels: the street differs, is the same with another number, is near, is the same; each in another town or not."""
AREA = Feature("town", (0.1, 0.9), ("another town", "same town"), 300)
"""Where one of the two has no street."""
PHONE = Feature("phone", (0.13, 0.02, 0.05, 0.8), ("another phone", "", "similar phone", "same phone"), 60)
MAIL = Feature("mail", (0.3, 0.02, 0.02, 0.66), ("another mail", "", "", "same mail"), 60)
WEB = Feature("web", (0.2, 0.02, 0.02, 0.76), ("another web domain", "", "", "same web domain"), 60)
NUMBER = Feature("number", (0.0005, 0.0005, 0.0005, 0.9985), ("another number", "", "", "same number"), 1000)
_ANOTHER_STREET = (0, 1)
"""Levels of a place."""
_NUMBER = 6
"""Its place among the features."""
TEXT = (0.4, 0.1, 0.1, 0.4)
_LITTLE = 10.0


@dataclass(frozen=True, slots=True)
class Name:
    """A name, in the words it is compared by."""

    words: tuple[str, ...]
    aside: frozenset[str] = frozenset()
    """Those that stand in brackets, or name the town: another spelling may leave them out."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a body stands."""

    line: StreetLine
    town: str
    """Folded."""
    zip: str
    """Five digits."""
    address: str
    """Number and street as one text; "" where either is missing."""


@dataclass(slots=True)
class Body:
    """One record, in the forms it is compared by; what is not known is empty."""

    names: tuple[Name, ...] = ()
    places: tuple[Place, ...] = ()
    phones: frozenset[str] = frozenset()
    mails: frozenset[str] = frozenset()
    webs: frozenset[str] = frozenset()
    numbers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By who issues them: EIN, UEI. Two numbers of one issuer are two bodies."""
    listed: frozenset[str] = frozenset()
    """Numbers that lists know it by, each with its list: one list may have a body twice."""
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Words of what else a list says, by column."""


def name_of(text: str, town: str = "") -> Name:
    """The form in which a name is compared; `town` is that of the same record, folded."""
    words = _words(text)
    towns = frozenset(town.split())
    bare = _words(_without_brackets(text)) if "(" in text else words
    aside = frozenset(word for word in words if word not in bare)
    if towns and not towns.issuperset(words):
        aside |= towns.intersection(words)
    return Name(words, aside)


def place_of(street: str, town: str, postal_code: str) -> Place:
    """The form in which an address is compared."""
    digits = postal_code.strip()[:5]
    line = street_line(street)
    address = f"{line.number} {' '.join(line.words)}" if line.number and line.words else ""
    return Place(line, fold(town), digits if digits.isdigit() else "", address)


def _words(text: str) -> tuple[str, ...]:
    words = name_key(text).split()
    if len(words) > 1 and len(words[-1]) >= _CUT_ENDING and any(each.startswith(words[-1]) for each in _LEGAL):
        words.pop()
    return tuple(ABBREVIATIONS.get(word, word) for word in words if word not in LITTLE_WORDS) or tuple(words)


def _without_brackets(text: str) -> str:
    before, _, rest = text.partition("(")
    bare = f"{before} {rest.partition(')')[2]}"
    return bare if fold(bare) else text


class Bodies:
    """A list of bodies."""

    def __init__(self, bodies: Sequence[Body], total: int = 0) -> None:
        """`total`: how many there are, where these are some of them that were looked for."""
        self.bodies = bodies
        self.records = max(len(bodies), total)
        self._rare = log(population(self.records))
        # Rows that say the same in all are one body for certain: they do not make what they say a common thing.
        once = list({_told(body): body for body in bodies}.values())
        self._names = self._words({word for name in body.names for word in name.words} for body in once)
        self._streets = self._words({word for place in body.places for word in place.line.words} for body in once)
        self._addresses = self._values(place.address for body in once for place in body.places)
        self._towns = self._values(place.town for body in once for place in body.places)
        self._zips = self._values(place.zip for body in once for place in body.places)
        self._reached = {
            feature: self._values(each for body in once for each in getattr(body, f"{feature.name}s"))
            for feature in (PHONE, MAIL, WEB)
        }
        self._numbers = self._values(
            each for body in once for each in (*body.listed, *(one for some in body.numbers.values() for one in some))
        )
        self._texts = {
            name: self._words(body.texts.get(name, ()) for body in bodies)
            for name in dict.fromkeys(name for body in bodies for name in body.texts)
        }
        self.features = (
            *(NAME, PLACE, AREA, PHONE, MAIL, WEB, NUMBER),
            *(Feature(name, TEXT, ("", "", "", f"same {name}"), _LITTLE) for name in self._texts),
        )

        self._unknown = [UNKNOWN] * (len(self.features) - 1)

    def _words(self, texts: Iterable[Iterable[str]]) -> Words:
        return Words(texts, self.records)

    def _values(self, values: Iterable[str]) -> Values:
        return Values(filter(None, values), self.records)

    # ---------------------------------------------------------------- which are compared

    def pairs(self) -> set[Pair]:
        """The pairs that are worth comparing."""
        return candidates((self._keys(),))

    def _keys(self) -> Space:
        for number, body in enumerate(self.bodies):
            for key in self._keys_of(body):
                yield number, key

    def _keys_of(self, body: Body) -> Iterator[str]:
        for name in body.names:
            yield "j" + "".join(name.words)[:7]
            telling = sorted(name.words, key=self._names.count)[:3]
            for word in telling:
                if self._names.count(word) <= _KEY_WORDS:
                    yield f"w{word[:6]}"
            for place in body.places:
                for word in telling[:2]:
                    begin = word[:4]
                    yield f"t{begin}{place.town[:5] or place.zip}"
                    yield f"n{begin}{place.line.number}" if place.line.number else ""
                    yield f"s{begin}{place.line.words[0][:4]}" if place.line.words else ""
        for place in body.places:
            if place.line.number and place.line.words:
                yield f"a{place.line.number} {place.line.words[0][:4]}"
        for kind, values in (("p", body.phones), ("m", body.mails), ("d", body.webs)):
            for value in values:
                yield kind + value
        for system, numbers in body.numbers.items():
            for value in numbers:
                yield f"{system}:{value}"
        for number in body.listed:
            yield f"l{number}"

    # ---------------------------------------------------------------- how they compare

    def agreements(self, pair: Pair) -> tuple[list[int], list[float]]:
        """By feature: the level that two records have in it, and the information of that."""
        one, other = self.bodies[pair[0]], self.bodies[pair[1]]
        number = self._number(one, other)
        name = _best(self._name(a, b) for a in one.names for b in other.names)
        if number[0] == NONE or (name[0] == NONE and number[0] != SAME):
            # Nothing else makes one body of two names, or of two numbers: most pairs end here.
            levels = [name[0], *self._unknown]
            levels[_NUMBER] = number[0]
            return levels, [0.0] * len(self.features)
        found = [
            name,
            *self._standing(one.places, other.places),
            *(
                self._reaching(getattr(one, f"{feature.name}s"), getattr(other, f"{feature.name}s"), rarity)
                for feature, rarity in self._reached.items()
            ),
            number,
            *(_text(words, one.texts.get(name, ()), other.texts.get(name, ())) for name, words in self._texts.items()),
        ]
        levels = [level for level, _ in found]
        information = [more for _, more in found]
        if levels[0] < ALIKE and levels[1] in _ANOTHER_STREET:
            # Two sites of one agency have its name in theirs, and its phone.
            for place in range(3, 6):
                information[place] *= _FOLLOWS
        # Place, town, phone, mail and web follow from each other: only the most telling counts whole.
        most = max(range(1, 6), key=information.__getitem__)
        for place in range(1, 6):
            if place != most:
                information[place] *= _FOLLOWS
        return levels, information

    def _name(self, one: Name, other: Name) -> tuple[int, float]:
        if not one.words or not other.words:
            return UNKNOWN, 0.0
        if set(one.words) == set(other.words) or "".join(one.words) == "".join(other.words):
            return EQUAL, self._names.information(min(one.words, other.words))
        if other.words < one.words:
            # Which of two spellings is looked up must not hang on their order.
            one, other = other, one
        shared, left, right, slipped, is_cut = _matched(one, other)
        if _are_initials(one.words, other.words) or _are_initials(other.words, one.words):
            return CLOSE, self._names.information(one.words if len(one.words) == 1 else other.words)
        if not shared:
            return NONE, 0.0
        information = self._names.information(shared)
        if not left and not right:
            return CLOSE if is_cut else ALIKE if slipped else EQUAL, information
        if any(map(_means_another, (*left, *right))):
            return NONE, 0.0
        if not left or not right:
            return CLOSE, information
        apart = min(self._names.telling(left), self._names.telling(right))
        return (WEAK, information) if apart <= _BOTH_SAY * self._names.telling(shared) else (NONE, 0.0)

    def _standing(self, some: Sequence[Place], others: Sequence[Place]) -> tuple[tuple[int, float], tuple[int, float]]:
        """What the nearest two places say, as the street and, where one has none, as the town."""
        street = _best(self._street(a, b) for a in some for b in others)
        if street[0] != UNKNOWN:
            return street, (UNKNOWN, 0.0)
        return street, _best(self._area(a, b) for a in some for b in others)

    def _area(self, one: Place, other: Place) -> tuple[int, float]:
        """Whether two places lie in one town: by its name or by its ZIP code, either of which may be misspelled."""
        found = UNKNOWN
        information = 0.0
        if one.town and other.town:
            short, long = sorted((one.town, other.town), key=len)
            same = long == short or long.startswith(f"{short} ") or slips.of_words(short, long) == CLOSE
            found, information = (1, self._towns.shared(short, long)) if same else (0, 0.0)
        if one.zip and other.zip:
            if one.zip == other.zip:
                found, information = 1, max(information, self._zips.information(one.zip))
            elif found == UNKNOWN:
                found = 0
        return found, information

    def _street(self, one: Place, other: Place) -> tuple[int, float]:
        if not one.line.words or not other.line.words:
            return UNKNOWN, 0.0
        level, information = self._line(one, other)
        area, more = self._area(one, other)
        if level == NONE and area == 1:
            information = more * _FOLLOWS
        return 2 * level + (area != 0), information

    def _line(self, some: Place, another: Place) -> tuple[int, float]:
        """(level, information): another street, the same with another number, near, the same."""
        one, other = some.line, another.line
        if one.words == other.words:
            street, information = SAME, self._streets.information(one.words)
        else:
            street, information = self._streets_alike(one.words, other.words)
        if one.number == other.number:
            if not one.number:
                return (CLOSE, information) if street == SAME else (WEAK if street else NONE, 0.0)
            if street == SAME:
                return SAME, self._addresses.shared(some.address, another.address)
            return (CLOSE, self._rare) if street else (NONE, 0.0)
        if not one.number or not other.number:
            return (CLOSE, information) if street == SAME else (WEAK if street else NONE, 0.0)
        if street == SAME and slips.of_digits(one.number, other.number):
            return CLOSE, self._rare - _SLIPPED
        return (WEAK, information * _FOLLOWS) if street >= CLOSE else (NONE, 0.0)

    def _streets_alike(self, one: tuple[str, ...], other: tuple[str, ...]) -> tuple[int, float]:
        shared = frozenset(one) & frozenset(other)
        left, right = "".join(one), "".join(other)
        if not _begins_otherwise(left, right) and slips.of_words(left, right) >= WEAK:
            return CLOSE, self._rare - _SLIPPED
        return (WEAK, self._streets.information(shared)) if shared else (NONE, 0.0)

    @staticmethod
    def _reaching(one: frozenset[str], other: frozenset[str], rarity: Values) -> tuple[int, float]:
        if not one or not other:
            return UNKNOWN, 0.0
        if shared := one & other:
            return SAME, max(map(rarity.information, shared))
        if any(a.isdigit() and slips.of_digits(a, b) for a in one for b in other):
            return CLOSE, 0.0
        return NONE, 0.0

    def _number(self, one: Body, other: Body) -> tuple[int, float]:
        systems = one.numbers.keys() & other.numbers.keys()
        shared = set(one.listed & other.listed).union(*(one.numbers[each] & other.numbers[each] for each in systems))
        if shared:
            return SAME, _GIVEN_ONCE * max(map(self._numbers.information, shared))
        differ = any(one.numbers[system] and other.numbers[system] for system in systems)
        return NONE if differ else UNKNOWN, 0.0


class _Matched(NamedTuple):
    """Two names, word by word."""

    shared: list[str]
    left: list[str]
    """What is left of each; words aside are never left."""
    right: list[str]
    slipped: bool
    """Whether a spelling differs."""
    is_cut: bool
    """Whether one of the two is cut off within a word."""


def _told(body: Body) -> Hashable:
    """All that a record says of a body, but for what a list says beside it."""
    numbers = frozenset((system, values) for system, values in body.numbers.items())
    return (body.names, body.places, body.phones, body.mails, body.webs, numbers, body.listed)


def _best(found: Iterable[tuple[int, float]]) -> tuple[int, float]:
    """The nearest of some comparisons."""
    return max(found, default=(UNKNOWN, 0.0))


def _matched(one: Name, other: Name) -> _Matched:
    left, right = list(one.words), list(other.words)
    shared = []
    for word in one.words:
        if word in right:
            left.remove(word)
            right.remove(word)
            shared.append(word)
    slipped = is_cut = False
    if left and right:
        runs = [*_take_runs(left, right), *_take_runs(right, left)]
        shared += runs
        for word in [*left]:
            if (match := next((each for each in right if _is_slip(word, each)), None)) is not None:
                left.remove(word)
                right.remove(match)
                shared.append(word)
                # A beginning stands for the whole word: that is no slip.
                slipped = slipped or not (word.startswith(match) or match.startswith(word))
        is_cut = _leave_cut(one, left, other, right) or _leave_cut(other, right, one, left)
    left = [word for word in left if word not in one.aside]
    return _Matched(shared, left, [word for word in right if word not in other.aside], slipped, is_cut)


def _take_runs(some: list[str], others: list[str]) -> list[str]:
    """Take off both rests the words that stand for several of the other: `daycare` and, by initials, `cdc`."""
    taken: list[str] = []
    for word in [*some]:
        if run := _run(word, others):
            some.remove(word)
            for each in run:
                others.remove(each)
            taken += run
    return taken


def _run(word: str, others: Sequence[str]) -> Sequence[str]:
    """The words behind one another that a word stands for; none where there are none."""
    for start, first in enumerate(others[:-1]):
        if first[0] == word[0]:
            for end in range(start + 2, len(others) + 1):
                run = others[start:end]
                if "".join(run) == word or (len(run) == len(word) >= _INITIALS and _initials(run) == word):
                    return run
    return ()


def _leave_cut(short: Name, left: list[str], long: Name, right: list[str]) -> bool:
    """Whether one name is cut off within a word; if so, what it lacks says nothing, and is taken off both rests."""
    last = short.words[-1]
    if left != [last] or not last.isalpha() or sum(map(len, short.words)) < _CUT:
        return False
    whole = next((word for word in right if word.startswith(last)), None)
    if whole is None:
        return False
    before = long.words[: long.words.index(whole)]
    left.clear()
    right[:] = [word for word in right if word in before]
    return True


@lru_cache(maxsize=65_536)
def _is_slip(one: str, other: str) -> bool:
    shorter = min(len(one), len(other))
    if shorter < 4 or one.isdigit() or other.isdigit():
        return False
    if one in _ANOTHER or other in _ANOTHER:
        # `housig` is a slip; `womens` is none of `mens`, and `nort` may be a name.
        return shorter >= _SURE and not (one in _ANOTHER and other in _ANOTHER) and _slips(one, other) == 1
    if _begins_otherwise(one, other):
        return False
    if abs(len(one) - len(other)) >= _SHORTENED and (one.startswith(other) or other.startswith(one)):
        return True
    most = 1 if shorter < _FROM_A_WORD else 2
    return _slips(one, other) <= most


def _begins_otherwise(one: str, other: str) -> bool:
    """Whether two words are two: a slip of the pen seldom hits the first letter, though it may leave it out."""
    return len(one) == len(other) and one[0] != other[0]


def _slips(one: str, other: str) -> int:
    return slips.edits()(one, other, score_cutoff=2)


@lru_cache(maxsize=16_384)
def _means_another(word: str) -> bool:
    if word in _ANOTHER or word[0].isdigit():
        return True
    if len(word) >= _SURE and any(each.startswith(word) for each in _ANOTHER):
        return True  # cut off
    return len(word) >= _LONG and any(
        len(each) >= _LONG and slips.edits()(word, each, score_cutoff=1) <= 1 for each in _ANOTHER
    )


def _are_initials(short: tuple[str, ...], words: tuple[str, ...]) -> bool:
    return len(short) == 1 and len(words) >= _INITIALS and short[0] == _initials(words)


def _initials(words: Sequence[str]) -> str:
    return "".join([word[0] for word in words])


def _text(rarity: Words, one: tuple[str, ...], other: tuple[str, ...]) -> tuple[int, float]:
    if not one or not other:
        return UNKNOWN, 0.0
    shared = frozenset(one) & frozenset(other)
    if not shared:
        return NONE, 0.0
    whole = shared.issuperset(one) and shared.issuperset(other)
    within = shared.issuperset(one) or shared.issuperset(other)
    return SAME if whole else CLOSE if within else WEAK, rarity.information(shared)
