"""People: what two records of a person are compared by.

Given and family name may have changed places, and so may the two lines of an address. A list need not have all of
these columns; what a record does not say speaks neither for nor against.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from math import log

from partners_crm.services.matching.candidates import Pair, Space, candidates
from partners_crm.services.matching.rarity import POPULATION, Values
from partners_crm.services.matching.slips import (
    NONE,
    SAME,
    WEAK,
    WORDS,
    of_codes,
    of_dates,
    of_digits,
    of_numbers,
    of_words,
)
from partners_crm.services.matching.weighing import UNKNOWN, Feature

Column = Sequence[str]
"""One value of each record, folded and without blanks; "" where it is not known."""
Likeness = Callable[[str, str], int]

_NEAR = (0.0, log(15), log(3), 0.0)
"""By level: values that are that near to a given one, for one that is the same, as a natural logarithm."""
_SWAP = 3.0
"""Natural logarithm: how much rarer it is that two fields changed places than that they did not."""
_BETTER = 2.0
"""What agreement must gain by it before two fields count as swapped."""

PLAIN: Mapping[str, tuple[str, Likeness, tuple[float, ...]]] = {
    "given": ("given name", of_words, (0.15, 0.08, 0.17, 0.6)),
    "family": ("family name", of_words, (0.15, 0.08, 0.17, 0.6)),
    "number": ("house number", of_numbers, (0.15, 0.08, 0.02, 0.75)),
    "street": ("street", of_words, (0.15, 0.08, 0.2, 0.57)),
    "extra": ("second line of the address", of_words, (0.2, 0.08, 0.2, 0.52)),
    "city": ("town", of_words, (0.15, 0.08, 0.17, 0.6)),
    "zip": ("ZIP", of_digits, (0.1, 0.02, 0.13, 0.75)),
    "state": ("state", of_codes, (0.08, 0.005, 0.005, 0.91)),
    "date": ("date of birth", of_dates, (0.06, 0.02, 0.07, 0.85)),
    "key": ("number", of_digits, (0.01, 0.01, 0.03, 0.95)),
}
"""By field: its name in words, how two values that differ are compared, and how likely each level is of one person."""
SWAPPED = (("given", "family"), ("street", "extra"))
"""Fields that may have changed places."""
MANY: Mapping[str, tuple[str, tuple[float, ...]]] = {
    "mail": ("mail", (0.35, 0.01, 0.01, 0.63)),
    "phone": ("phone", (0.35, 0.01, 0.01, 0.63)),
    "organization": ("organization", (0.3, 0.01, 0.01, 0.68)),
}
"""Of these a record may say several: it agrees with another where they share one."""
GENERATION = "generation"
_OF_ONE = frozenset(("date", "key", "street"))
"""What tells people apart who work in one place."""
_FOLLOWS = 0.5
"""What an agreement counts that follows from another."""
_COMMON = log(200)
"""How much a given name says at most where nothing but names speaks: of people in general one in so many has it."""
_NEIGHBOURS = log(120)
"""How much less a near one says there that ends otherwise: Maria and Mario, Paul and Paula are two names."""


class _Plain:
    """A column, with what it takes to compare two of its values."""

    __slots__ = ("_likeness", "_rarity", "information", "name", "values")

    def __init__(self, name: str, values: Column, rarity: Values) -> None:
        self.name = name
        self.values = values
        self.information = rarity.column(values)
        """Of each record: how rare it is by chance to agree with it, as a natural logarithm."""
        self._rarity = rarity
        self._likeness = PLAIN[name][1]

    def compared(self, one: str, other: str) -> tuple[int, float]:
        """(level, information) of two values."""
        if not one or not other:
            return UNKNOWN, 0.0
        return (SAME, self._rarity.information(one)) if one == other else self.differing(one, other)

    def differing(self, one: str, other: str) -> tuple[int, float]:
        """(level, information) of two values that are not the same."""
        level = self._likeness(one, other)
        if level == NONE:
            # An initial agrees with the name it stands for, and says no more than a letter does.
            is_initial = one[0] == other[0] and one.isalpha() and min(len(one), len(other)) == 1
            return (WEAK, 1.0) if is_initial else (NONE, 0.0)
        return level, max(0.0, self._rarity.shared(one, other) - _NEAR[level])


class People:
    """A list of people."""

    def __init__(
        self,
        people: int,
        plain: Mapping[str, Column],
        many: Mapping[str, Sequence[frozenset[str]]],
        total: int = 0,
    ) -> None:
        """`plain` and `many` hold columns by the names in `PLAIN` and `MANY`; `plain` may hold the generation too.

        `total`: how many people there are, where these are some of them that were looked for.
        """
        self.records = max(people, total)
        self._people = people
        self.plain = {name: column for name, column in plain.items() if any(column)}
        self.many = {name: column for name, column in many.items() if any(column)}
        self._once = self._different()
        self._fields = [_Plain(name, self.plain[name], self._rarity(name)) for name in PLAIN if name in self.plain]
        self._columns = [(field.values, field.information, field) for field in self._fields]
        places = {field.name: place for place, field in enumerate(self._fields)}
        self._swapped = [(places[one], places[other]) for one, other in SWAPPED if one in places and other in places]
        self._shared = [
            (column, Values((each for row in self._once for each in column[row]), self.records))
            for column in self.many.values()
        ]
        self._generations = self.plain.get(GENERATION)
        self.features = tuple(self._features())
        has_more = bool(self.plain.keys() & _OF_ONE) or not self.plain.keys() >= {"given", "family"}
        self._names = None if has_more else (places["given"], places["family"])
        """The places of the two names, where nothing else tells people apart who work in one place."""
        self._mails = self.many.get("mail")
        self._unknown = [UNKNOWN] * (len(self.features) - len(self._fields))

    def _rarity(self, name: str) -> Values:
        # A name that is a given name here may be a family name there.
        group = next((pair for pair in SWAPPED if name in pair), (name,))
        columns = [self.plain[each] for each in group if each in self.plain]
        return Values((value for column in columns for row in self._once if (value := column[row])), self.records)

    def _different(self) -> Sequence[int]:
        """The places of the rows that differ: several that say the same in all are one person for certain.

        In a long list they do not make what they say a common thing.
        """
        columns = (*self.plain.values(), *self.many.values())
        if not columns or self._people > POPULATION:
            return range(self._people)
        return tuple({row: place for place, row in enumerate(zip(*columns, strict=True))}.values())

    def _features(self) -> Iterator[Feature]:
        for field in self._fields:
            words, _, levels = PLAIN[field.name]
            yield Feature(field.name, levels, tuple(f"{word} {words}" for word in WORDS))
        for name in self.many:
            words, levels = MANY[name]
            yield Feature(name, levels, (f"another {words}", "", "", f"same {words}"))
        if self._generations:
            yield Feature(GENERATION, (0.002, 0.998), ("another generation", ""), 1000)

    # ---------------------------------------------------------------- which are compared

    def pairs(self) -> set[Pair]:
        """The pairs that are worth comparing."""
        return candidates(self._spaces())

    def _spaces(self) -> Iterator[Space]:
        def begun(name: str, length: int) -> Column:
            column = self.plain.get(name)
            return [value[:length] for value in column] if column else [""] * self._people

        # Fields that may have changed places share a space.
        names = (begun("given", 3), begun("family", 3))
        streets = (begun("street", 5), begun("extra", 5))
        town, house = begun("city", 4), begun("number", 9)
        zip_code = self.plain.get("zip") or town
        yield from (enumerate(self.plain[name]) for name in ("date", "key") if name in self.plain)
        yield enumerate([one + other if one < other else other + one for one, other in zip(*names, strict=True)])
        if self._names is not None:
            yield enumerate(_both(begun("family", 6), begun("given", 1)))
        for some, place in ((names, zip_code), (names, town), (streets, zip_code), (streets, town), (streets, house)):
            yield chain(*(enumerate(_both(column, place)) for column in some))
        yield chain(*(enumerate(_both(name, street)) for name in names for street in streets))
        for name, column in self.many.items():
            if name == "organization":
                yield (
                    (number, f"{each}/{part[number]}")
                    for number, own in enumerate(column)
                    for each in own
                    for part in names
                    if part[number]
                )
            else:
                yield ((number, each) for number, own in enumerate(column) for each in own)

    # ---------------------------------------------------------------- how they compare

    def agreements(self, pair: Pair) -> tuple[list[int], list[float]]:
        """By feature: the level that two records have in it, and the information of that."""
        first, second = pair
        levels, found = [], []
        # Most values that agree are the same: they need no call.
        for values, information, field in self._columns:
            one, other = values[first], values[second]
            if not one or not other:
                levels.append(UNKNOWN)
                found.append(0.0)
            elif one == other:
                levels.append(SAME)
                found.append(information[first])
            else:
                level, more = field.differing(one, other)
                levels.append(level)
                found.append(more)
        for left, right in self._swapped:
            if levels[left] != SAME and levels[right] != SAME:
                self._swap(left, right, pair, levels, found)
        if self._are_two(pair, levels):
            return [*levels, *self._unknown], [0.0] * len(self.features)
        shared = [_sharing(column[first], column[second], rarity) for column, rarity in self._shared]
        # Who works in one place has its phone and its mailbox: only the most telling of them counts whole.
        most = max((more for _, more in shared), default=0.0)
        for level, more in shared:
            levels.append(level)
            found.append(more if more == most else more * _FOLLOWS)
        if self._names is not None and not most:
            self._among_names(pair, levels, found)
        if self._generations:
            levels.append(_generation(self._generations[first], self._generations[second]))
            found.append(0.0)
        return levels, found

    def _among_names(self, pair: Pair, levels: Sequence[int], found: list[float]) -> None:
        """Weigh the names where nothing else agrees."""
        assert self._names is not None
        given, family = self._names
        values = self._fields[given].values
        found[given] = min(found[given], _COMMON)
        if levels[given] != SAME and values[pair[0]][-1:] != values[pair[1]][-1:]:
            found[given] = max(0.0, found[given] - _NEIGHBOURS)
        if NONE in levels[len(self._fields) :]:
            # Who works elsewhere and is reached otherwise has the name of another one, as far as anybody knows.
            found[given] *= _FOLLOWS
            found[family] *= _FOLLOWS

    def _are_two(self, pair: Pair, levels: Sequence[int]) -> bool:
        """Whether nothing else can make one person of two: most pairs of a list of colleagues end here."""
        first, second = pair
        if self._generations and _generation(self._generations[first], self._generations[second]) == 0:
            return True
        if self._names is None:
            return False
        given, family = (levels[place] for place in self._names)
        if given == NONE:
            return True
        # A family name may change, and the mailbox stay.
        return family == NONE and not (self._mails and self._mails[first] & self._mails[second])

    def _swap(self, left: int, right: int, pair: Pair, levels: list[int], found: list[float]) -> None:
        """Take two fields as swapped where they agree better so."""
        first, second = pair
        one, other = self._fields[left], self._fields[right]
        crossed = one.compared(one.values[first], other.values[second])
        back = one.compared(other.values[first], one.values[second])
        straight = max(levels[left], 0) * found[left] + max(levels[right], 0) * found[right]
        if max(crossed[0], 0) * crossed[1] + max(back[0], 0) * back[1] > straight + _BETTER:
            # The nearer of the two goes first, whichever record does.
            (levels[left], found[left]), (levels[right], found[right]) = sorted((crossed, back), reverse=True)
            found[left] -= _SWAP


def _both(one: Column, other: Column) -> Column:
    """Keys of two parts, where both are known."""
    return [left + right if left and right else "" for left, right in zip(one, other, strict=True)]


def _sharing(one: frozenset[str], other: frozenset[str], rarity: Values) -> tuple[int, float]:
    if not one or not other:
        return UNKNOWN, 0.0
    shared = one & other
    return (SAME, max(map(rarity.information, shared))) if shared else (NONE, 0.0)


def _generation(one: str, other: str) -> int:
    return UNKNOWN if not one or not other else int(one == other)
