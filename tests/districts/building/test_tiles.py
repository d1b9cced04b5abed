"""The tile picture: every district has a tile of its own, neighbours stay together, north stays up."""

from __future__ import annotations

import csv
import math
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("shapely")

import numpy as np
import shapely

from partners_crm.districts.building import tiles
from partners_crm.districts.building.reading import Polygons, read_chapter
from partners_crm.districts.maps import load_info


def squares(columns: int, rows: int) -> Polygons:
    return {
        row * columns + column + 1: shapely.box(column, -row - 1, column + 1, -row)
        for row in range(rows)
        for column in range(columns)
    }


@given(
    cost=st.integers(1, 6).flatmap(
        lambda count: st.integers(count, 7).flatmap(
            lambda width: st.lists(
                st.lists(st.integers(0, 50), min_size=width, max_size=width), min_size=count, max_size=count
            )
        )
    )
)
def test_the_assignment_costs_the_least(cost: list[list[int]]) -> None:
    found = tiles.assign(np.array(cost, float)).tolist()
    assert len(set(found)) == len(cost)
    least = min(
        sum(row[column] for row, column in zip(cost, chosen, strict=True))
        for chosen in permutations(range(len(cost[0])), len(cost))
    )
    assert sum(row[column] for row, column in zip(cost, found, strict=True)) == least


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (1, 5), (7, 1), (3, 4), (7, 7), (8, 8)])
def test_a_state_of_squares_is_its_own_picture(columns: int, rows: int) -> None:
    layout = tiles.lay_out(squares(columns, rows))
    assert (layout.touching, layout.compass) == (1, 1)
    assert layout.tiles == [
        (row * columns + column + 1, column, row) for row in range(rows) for column in range(columns)
    ]


@pytest.mark.parametrize("count", [1, 2, 13, 40, 59, 118])
def test_any_number_of_districts_finds_room(count: int) -> None:
    # Slices of a wheel: every one has the same two neighbours, and the middle is crowded.
    wheel = {
        number: shapely.Polygon(
            [
                (0, 0),
                *((math.cos(turn), math.sin(turn)) for turn in np.linspace(number - 1, number, 9) * math.tau / count),
            ]
        )
        for number in range(1, count + 1)
    }
    layout = tiles.lay_out(wheel)
    assert [number for number, _, _ in layout.tiles] == list(range(1, count + 1))
    assert len({(column, row) for _, column, row in layout.tiles}) == count
    assert min(column for _, column, _ in layout.tiles) == min(row for _, _, row in layout.tiles) == 0
    if count <= 59:
        assert max(column for _, column, _ in layout.tiles) < 8
        assert max(row for _, _, row in layout.tiles) < 10


def figures(plane: Any, layout: dict[int, tuple[int, int]]) -> tuple[float, float]:
    return tiles._figures(plane, np.array([layout[number] for number in plane.numbers]))


@pytest.mark.parametrize("code", ["il-2011", "il-2021"])
def test_the_pictures_of_illinois_are_at_least_as_true_as_the_first_ones(shared_data: Path, code: str) -> None:
    pytest.importorskip("shapefile")
    file = {"il-2011": "tl_2016_17_sldu.zip", "il-2021": "tl_2024_17_sldu.zip"}[code]
    plane = tiles._plane(read_chapter(shared_data / file, "il").polygons)
    ours = {number: (column, row) for number, column, row in load_info(code).tiles["senate"]}
    with (shared_data / f"tile_layout_{code}.csv").open(encoding="utf-8") as stream:
        theirs = {int(row["senate"]): (int(row["col"]), int(row["row"])) for row in csv.DictReader(stream)}
    touching, compass = figures(plane, ours)
    assert compass >= 0.98
    assert touching >= 0.75
    assert (touching, compass) >= figures(plane, theirs)
