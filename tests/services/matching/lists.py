"""Small invented lists of people and of organizations in which some stand twice, and what a score makes of them."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from fixtures.dirty.words import COMPOUNDS, FAMILY, GIVEN, TOWNS

Row = tuple[str, ...]
Pair = tuple[str, str]
PEOPLE = ("id", "given name", "family name", "street number", "address 1", "address 2", "town", "zip", "date of birth")
AS_NAMED = (1, 2, 4, 6)
"""The columns of a person in which letters slip."""


def people(seed: int, count: int) -> tuple[list[Row], set[Pair]]:
    """A list of so many people, half of them twice, and the pairs of ids that are one."""
    draw = random.Random(seed)
    rows, truth = [], set()
    for number in range(count):
        first = (f"a{number:04}", *_person(draw))
        rows.append(first)
        if draw.random() < 0.5:
            rows.append((f"b{number:04}", *_again(draw, first[1:])))
            truth.add((first[0], f"b{number:04}"))
    draw.shuffle(rows)
    return rows, truth


def _person(draw: random.Random) -> Row:
    town = draw.choice(TOWNS)
    street = f"{draw.choice(COMPOUNDS)} {draw.choice(('street', 'avenue', 'court'))}"
    second = draw.choice(("", f"{draw.choice(COMPOUNDS)} house"))
    born = f"{draw.randint(1930, 2005)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
    number = str(draw.randint(1, 999))
    return draw.choice(GIVEN), draw.choice(FAMILY), number, street, second, town.name, town.postal_code, born


def _again(draw: random.Random, person: Row) -> Row:
    """The same person, written by somebody else: a slip, an empty cell, and now and then two cells swapped."""
    cells = ["", *person]
    for place in draw.sample(AS_NAMED, draw.randint(0, 2)):
        cells[place] = slipped(draw, cells[place])
    if draw.random() < 0.3:
        cells[draw.choice((3, 5, 7))] = ""
    if draw.random() < 0.1:
        cells[1], cells[2] = cells[2], cells[1]
    if cells[5] and draw.random() < 0.3:
        cells[4], cells[5] = cells[5], cells[4]
    if draw.random() < 0.15:
        day = int(cells[8][-2:]) % 28 + 1
        cells[8] = f"{cells[8][:-2]}{day:02}"
    return tuple(cells[1:])


def slipped(draw: random.Random, text: str) -> str:
    """A text with two neighbouring letters swapped, or one left out."""
    place = draw.randrange(len(text) - 1)
    left_out = text[:place] + text[place + 1 :]
    swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return draw.choice((left_out, swapped)) if len(text) > 3 else text


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    """Write a list as CSV."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def read_pairs(path: Path) -> dict[Pair, float]:
    """The scores of a file that `partners duplicates score` wrote."""
    with path.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["id1", "id2", "score"]
    found = {(min(one, other), max(one, other)): float(score) for one, other, score in rows}
    assert len(found) == len(rows)
    return found


def read_truth(path: Path) -> set[Pair]:
    """The pairs of a truth.csv."""
    with path.open(encoding="utf-8", newline="") as stream:
        _, *rows = csv.reader(stream)
    return {(min(row[:2]), max(row[:2])) for row in rows}


def quality(called: Iterable[Pair], truth: Iterable[Pair]) -> tuple[float, float]:
    """(F1, precision) of pairs that are called one."""
    found, wanted = set(called), set(truth)
    return 2 * len(found & wanted) / (len(found) + len(wanted)), len(found & wanted) / len(found)


def every_pair(count: int) -> list[tuple[int, int]]:
    """All pairs of places of a list."""
    return list(combinations(range(count), 2))


def at_threshold(scores: Mapping[Pair, float], threshold: float = 0.5) -> set[Pair]:
    """The pairs that are called one."""
    return {pair for pair, score in scores.items() if score >= threshold}
