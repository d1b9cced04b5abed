"""Blocks hold together when they are made, and say in one line what does not."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, get_args

import pytest

from partners_crm.plugins import blocks as b
from partners_crm.plugins import screens
from partners_crm.plugins.answers import Misfit
from partners_crm.plugins.blocks import Bar, Card, Cell, Heading, Input, Matrix, Node, Ref, Table, TableRow, Tiles, Tree
from tests.plugins import sample_blocks as sample

WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    # What is wrong: how it is made, and what is said.
    "a row is short": (
        lambda: Table(headings=(Heading(label="A"), Heading(label="B")), rows=(TableRow(cells=("1",)),)),
        "it gave a Table whose row 1 has 1 cells for 2 headings",
    ),
    "no headings": (lambda: Table(headings=(), rows=()), "it gave a Table without headings"),
    "two rows of one key": (
        lambda: Table(headings=(Heading(label="A"),), rows=(TableRow(cells=("1",), key="x"),) * 2),
        "it gave a Table whose rows 1 and 2 have the same key",
    ),
    "a number as a cell": (lambda: TableRow(cells=(1,)), "it gave a TableRow whose cells has int at 1, not texts"),  # type: ignore[arg-type]
    "a text for a tuple": (
        lambda: TableRow(cells="abc"),  # type: ignore[arg-type]
        "it gave a TableRow whose cells is str, not a tuple of texts",
    ),
    "a matrix row is long": (
        lambda: Matrix(columns=("A",), rows=("1",), cells=(("a", "b"),)),
        "it gave a Matrix whose row 1 has 2 cells for 1 columns",
    ),
    "a matrix lacks a row": (
        lambda: Matrix(columns=("A",), rows=("1", "2"), cells=(("a",),)),
        "it gave a Matrix with 1 rows of cells for 2 rows",
    ),
    "a matrix of numbers": (
        lambda: Matrix(columns=("A",), rows=("1",), cells=((1,),)),  # type: ignore[arg-type]
        "it gave a Matrix whose row 1 has something else than texts",
    ),
    "two nodes of one key": (
        lambda: Tree(nodes=(Node(label="a", key="x", children=(Node(label="b", key="x"),)),)),
        "it gave a Tree whose nodes 1 and 2 have the same key",
    ),
    "two cards of one key": (
        lambda: b.Board(lanes=(b.Lane(label="a", cards=(Card(title="1", key="x"), Card(title="2", key="x"))),)),
        "it gave a Board whose cards 1 and 2 have the same key",
    ),
    "a tone that is none": (
        lambda: Cell(text="a", tone="red"),  # type: ignore[arg-type]
        "it gave a Cell whose tone is none of: plain, good, doubt, bad, quiet",
    ),
    "no text": (lambda: Card(title=None), "it gave a Card whose title is nothing, not text"),  # type: ignore[arg-type]
    "a record for a ref": (
        lambda: Card(title="a", ref=4),  # type: ignore[arg-type]
        "it gave a Card whose ref is int, not a Ref",
    ),
    "an id for a uid": (
        lambda: Ref("organization", "4"),  # type: ignore[arg-type]
        "it gave a Ref whose id is no id of a record: a whole number from 1 to 2^63-1",
    ),
    "an id that no file can have": (
        lambda: Ref("organization", 2**63),
        "it gave a Ref whose id is no id of a record: a whole number from 1 to 2^63-1",
    ),
    "an id of nothing": (
        lambda: Ref("organization", 0),
        "it gave a Ref whose id is no id of a record: a whole number from 1 to 2^63-1",
    ),
    "an id of yes": (
        lambda: screens.Open(entity="organization", id=True),
        "it gave an Open whose id is no id of a record: a whole number from 0 to 2^63-1",
    ),
    "a list and no id": (
        lambda: screens.Open(entity="organization", id=-1),
        "it gave an Open whose id is no id of a record: a whole number from 0 to 2^63-1",
    ),
    "more events than anybody reads": (
        lambda: b.Timeline(events=(b.Event(day="", text="a"),) * 50_001),
        "it gave a Timeline with 50,001 events: more than 50,000, so give a Table",
    ),
    "more cards than anybody reads": (
        lambda: b.Board(lanes=(b.Lane(label="a", cards=(Card(title="a"),) * 25_001),) * 2),
        "it gave a Board with 50,002 cards: more than 50,000, so give a Table",
    ),
    "more questions than anybody answers": (
        lambda: b.Form(title="F", action="a", inputs=tuple(Input(name=f"a{n}", label="A") for n in range(201))),
        "it gave a Form with 201 inputs: more than 200",
    ),
    "a bar below nothing": (lambda: Bar(label="a", value=-1), "it gave a Bar whose value is no number from 0 up"),
    "a bar without end": (
        lambda: Bar(label="a", value=float("inf")),
        "it gave a Bar whose value is no number from 0 up",
    ),
    "a bar of yes": (lambda: Bar(label="a", value=True), "it gave a Bar whose value is no number from 0 up"),
    "a choice without choices": (
        lambda: Input(name="a", label="A", kind="choice"),
        "it gave an Input with choices that is no choice, or a choice without any",
    ),
    "choices of a text": (
        lambda: Input(name="a", label="A", choices=(("a", "A"),)),
        "it gave an Input with choices that is no choice, or a choice without any",
    ),
    "choices that are words": (
        lambda: Input(name="a", label="A", kind="choice", choices=("ab", "cd")),  # type: ignore[arg-type]
        "it gave an Input whose choices are not (value, label) pairs of text",
    ),
    "a record of nothing": (
        lambda: Input(name="a", label="A", kind="record"),
        "it gave an Input with an entity that is no record, or a record without one",
    ),
    "a name of two words": (
        lambda: Input(name="two words", label="A"),
        "it gave an Input whose name is no word of small letters, digits, - and _",
    ),
    "no name": (
        lambda: Input(name="", label="A"),
        "it gave an Input whose name is no word of small letters, digits, - and _",
    ),
    "two questions of one name": (
        lambda: b.Form(title="F", action="a", inputs=(Input(name="a", label="A"),) * 2),
        "it gave a Form whose inputs 1 and 2 have the same key",
    ),
    "a form without questions": (lambda: b.Form(title="F", action="a", inputs=()), "it gave a Form without inputs"),
    "tiles by text": (
        lambda: Tiles(chamber="senate", values={"1": "a"}),  # type: ignore[dict-item]
        "it gave Tiles whose values are not texts by the number of the district",
    ),
    "a piece that is moved": (
        lambda: b.Piece(text="a", change="moved"),  # type: ignore[arg-type]
        "it gave a Piece whose change is none of: same, removed, added",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_does_not_fit_is_refused_in_one_line(what: str) -> None:
    make, words = WRONG[what]
    with pytest.raises(Misfit) as caught:
        make()
    assert str(caught.value) == words


def test_lists_become_tuples_and_mappings_are_sealed() -> None:
    given = {1: "a"}
    tiles = Tiles(chamber="senate", values=given)
    given[2] = "b"
    assert tiles.values == {1: "a"}
    assert isinstance(tiles.values, MappingProxyType)
    matrix = Matrix(columns=["A"], rows=["1"], cells=[["a"]])  # type: ignore[arg-type]
    assert (matrix.columns, matrix.rows, matrix.cells) == (("A",), ("1",), (("a",),))


def test_the_closed_set_is_what_a_block_can_be() -> None:
    assert get_args(b.Block) == b.BLOCKS
    assert [type(each) for each in sample.every()] == list(b.BLOCKS)


def test_a_tree_is_walked_in_reading_order_however_deep() -> None:
    node = Node(label="0")
    for depth in range(1, 5000):
        node = Node(label=str(depth), children=(node,))
    assert [depth for depth, _ in Tree(nodes=(node,)).walk()] == list(range(5000))
    assert [each.label for _, each in sample.tree().walk()] == [
        "Human services",
        "Aging",
        "Child development",
        "Licences",
        "Public health",
    ]


def test_descriptions_of_the_screen_hold_together() -> None:
    for make, words in (
        (lambda: screens.Choice(name="a", label="A", values=()), "it gave a Choice without values"),
        (
            lambda: screens.Choice(name="a", label="A", values=(("x", "X"), ("x", "Y"))),
            "it gave a Choice whose values 1 and 2 have the same key",
        ),
        (
            lambda: screens.Choice(name="a", label="A", values=("xy",)),  # type: ignore[arg-type]
            "it gave a Choice whose values are not (value, label) pairs of text",
        ),
        (
            lambda: screens.Show(title="a", blocks=("text",)),  # type: ignore[arg-type]
            "it gave a Show whose blocks has str at 1, not blocks",
        ),
        (
            lambda: screens.Column(name="a", entity="b", label="c", values=dict, align="up"),  # type: ignore[arg-type]
            "it gave a Column whose align is none of: left, right",
        ),
    ):
        with pytest.raises(Misfit) as caught:
            make()
        assert str(caught.value) == words
