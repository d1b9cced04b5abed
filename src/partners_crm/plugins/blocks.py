"""What a plugin draws with: a closed set of blocks, described as data. The core draws them, on screen and as text.

Text in a block is text: nothing in it is markup, and nothing in it acts on a terminal. A row, a card of a board, a
node, an event or a cell may say which record it stands for (`Ref`): Enter opens it, and it is what an action is given.
What has no record may carry a `key`, which comes back in the `Selection`; within one block no two are the same.

A block that does not fit together is refused when it is made, by a `TypeError` with one clear line; so is one with
more than 50,000 parts that is no table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from partners_crm.plugins import block_checks as check
from partners_crm.plugins.answers import Misfit
from partners_crm.plugins.block_cells import Cell as Cell
from partners_crm.plugins.block_cells import Line as Line
from partners_crm.plugins.block_cells import Ref as Ref
from partners_crm.plugins.block_cells import Text as Text
from partners_crm.plugins.block_cells import Tone as Tone
from partners_crm.plugins.block_cells import points

Align = Literal["left", "right"]
MOST_INPUTS = 200
"""Questions of one form: each is a line to type in."""
InputKind = Literal["text", "note", "choice", "day", "whole", "flag", "record"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """One column of a table."""

    label: str
    width: int = 0
    """Cells it would like; 0 for what its texts need."""
    align: Align = "left"

    def __post_init__(self) -> None:
        check.texts(self, "label")
        check.number(self, "width")
        check.among(self, "align", get_args(Align))


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One row of a table."""

    cells: tuple[Text, ...]
    """As many as there are headings."""
    ref: Ref | None = None
    key: str = ""

    def __post_init__(self) -> None:
        check.tuple_of(self, "cells", Text, "texts")
        points(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under headings: any number of them, of which those in sight are drawn.

    Rows can be marked with the space bar. Left and right go to the cells of a row that stand for something themselves.
    Where there is too little room, wide columns give way first, then those at the end are left out, and it says so.
    """

    headings: tuple[Heading, ...]
    rows: tuple[TableRow, ...]
    title: str = ""
    empty: str = "Nothing here."
    """What is said where there are no rows, and how there come to be some."""

    def __post_init__(self) -> None:
        check.texts(self, "title", "empty")
        check.tuple_of(self, "headings", Heading, "Headings")
        check.tuple_of(self, "rows", TableRow, "TableRows")
        if not self.headings:
            raise Misfit("it gave a Table without headings")
        for place, row in enumerate(self.rows, 1):
            check.as_long(self, "row", place, len(row.cells), len(self.headings), "headings")
        check.unique(self, "rows", (row.key for row in self.rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A heading with lines of label and value, and words below: a record, or a paragraph under a title.

    On a page of its own, values that stand for something can be chosen one by one; on a board the card is chosen.
    """

    title: str
    lines: tuple[Line, ...] = ()
    words: str = ""
    """A paragraph; line breaks are kept."""
    ref: Ref | None = None
    key: str = ""

    def __post_init__(self) -> None:
        check.texts(self, "title", "words")
        check.tuple_of(self, "lines", Line, "Lines")
        check.at_most(self, "lines", len(self.lines))
        points(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One question of a form or of an action."""

    name: str
    """One word of small letters, digits, - and _; the answers are by it."""
    label: str
    kind: InputKind = "text"
    """A `note` has several lines; a `day` may be a year or a month; a `flag` is answered "yes" or ""."""
    value: str = ""
    """What it holds at first, in the form of an answer: of a choice the value, of a day 2011-07-14."""
    choices: tuple[tuple[str, str], ...] = ()
    """(value, label) pairs of a choice."""
    entity: str = ""
    """Of a `record`: what is looked for. It is answered with the id."""
    required: bool = False
    help: str = ""

    def __post_init__(self) -> None:
        check.texts(self, "name", "label", "value", "entity", "help")
        check.among(self, "kind", get_args(InputKind))
        check.named(self, self.name)
        check.pairs(self, "choices")
        check.unique(self, "choices", (value for value, _ in self.choices))
        if (self.kind == "choice") != bool(self.choices):
            raise Misfit("it gave an Input with choices that is no choice, or a choice without any")
        if (self.kind == "record") != bool(self.entity):
            raise Misfit("it gave an Input with an entity that is no record, or a record without one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Questions that are answered together; saving runs an action of the view with the answers.

    What was typed is checked first: what is required, days, whole numbers, choices.
    """

    title: str
    inputs: tuple[Input, ...]
    action: str
    """Name of the action that gets the answers."""
    save: str = "Save"

    def __post_init__(self) -> None:
        check.texts(self, "title", "action", "save")
        check.tuple_of(self, "inputs", Input, "Inputs")
        if not self.inputs:
            raise Misfit("it gave a Form without inputs")
        if len(self.inputs) > MOST_INPUTS:
            raise Misfit(f"it gave a Form with {len(self.inputs):,} inputs: more than {MOST_INPUTS}")
        check.unique(self, "inputs", (each.name for each in self.inputs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Cells under columns and beside rows: shared members of associations.

    A cell is chosen by its row and column; labels that stand for something can be chosen too. Columns that have no
    room are beyond the edge, and come in when the cursor goes there.
    """

    columns: tuple[Text, ...]
    rows: tuple[Text, ...]
    cells: tuple[tuple[Text, ...], ...]
    """One tuple for each row, as long as the columns."""
    title: str = ""
    corner: str = ""
    """What stands above the row labels."""

    def __post_init__(self) -> None:
        check.texts(self, "title", "corner")
        for name in ("columns", "rows"):
            check.tuple_of(self, name, Text, "texts")
        check.tuple_of(self, "cells", list | tuple, "rows of cells")
        check.put(self, "cells", tuple(map(tuple, self.cells)))
        if len(self.cells) != len(self.rows):
            raise Misfit(f"it gave a Matrix with {len(self.cells)} rows of cells for {len(self.rows)} rows")
        for place, row in enumerate(self.cells, 1):
            check.as_long(self, "row", place, len(row), len(self.columns), "columns")
            if not all(isinstance(each, Text) for each in row):
                raise Misfit(f"it gave a Matrix whose row {place} has something else than texts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One entry of a tree."""

    label: Text
    children: tuple[Node, ...] = ()
    is_open: bool = True
    """Whether what is below it is shown at first."""
    ref: Ref | None = None
    key: str = ""

    def __post_init__(self) -> None:
        check.of_kind(self, "label", Text, "a text")
        check.tuple_of(self, "children", Node, "Nodes")
        points(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Entries with entries below them; right opens one, left closes it."""

    nodes: tuple[Node, ...]
    title: str = ""

    def __post_init__(self) -> None:
        check.texts(self, "title")
        check.tuple_of(self, "nodes", Node, "Nodes")
        check.at_most(self, "nodes", len(self.walk()))
        check.unique(self, "nodes", (node.key for _, node in self.walk()))

    def walk(self) -> list[tuple[int, Node]]:
        """Every node with its depth, from 0, in reading order."""
        found, waiting = [], [(0, node) for node in reversed(self.nodes)]
        while waiting:
            depth, node = waiting.pop()
            found.append((depth, node))
            waiting += [(depth + 1, child) for child in reversed(node.children)]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One column of a board."""

    label: Text
    cards: tuple[Card, ...]

    def __post_init__(self) -> None:
        check.of_kind(self, "label", Text, "a text")
        check.tuple_of(self, "cards", Card, "Cards")


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Cards in columns: the ladder of postures.

    Lanes that have no room beside the others are beyond the edge, and come in when the cursor goes there.
    """

    lanes: tuple[Lane, ...]
    title: str = ""

    def __post_init__(self) -> None:
        check.texts(self, "title")
        check.tuple_of(self, "lanes", Lane, "Lanes")
        check.at_most(self, "cards", sum(len(lane.cards) for lane in self.lanes))
        check.unique(self, "cards", (card.key for lane in self.lanes for card in lane.cards))


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of a timeline."""

    day: str
    """A date that may be a year or a month; "" when it is not known."""
    text: Text
    words: str = ""
    """A paragraph below it; line breaks are kept."""
    ref: Ref | None = None
    key: str = ""

    def __post_init__(self) -> None:
        check.texts(self, "day", "words")
        check.of_kind(self, "text", Text, "a text")
        points(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Events in the order they are given."""

    events: tuple[Event, ...]
    title: str = ""
    empty: str = "Nothing happened yet."

    def __post_init__(self) -> None:
        check.texts(self, "title", "empty")
        check.tuple_of(self, "events", Event, "Events")
        check.at_most(self, "events", len(self.events))
        check.unique(self, "events", (event.key for event in self.events))


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Part of a text: the same on both sides, or on one of them alone."""

    text: str
    change: Literal["same", "removed", "added"] = "same"

    def __post_init__(self) -> None:
        check.texts(self, "text")
        check.among(self, "change", ("same", "removed", "added"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One passage in two versions; an empty side is a passage that is missing there."""

    left: tuple[Piece, ...] = ()
    right: tuple[Piece, ...] = ()
    label: str = ""
    """What the passage is called: 4.2 > 4.3 Payment terms."""
    ref: Ref | None = None
    key: str = ""

    def __post_init__(self) -> None:
        check.texts(self, "label")
        check.tuple_of(self, "left", Piece, "Pieces")
        check.tuple_of(self, "right", Piece, "Pieces")
        points(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCompare:
    """Two texts beside each other, passage by passage; one below the other where it is narrow.

    What is on the left alone stands between `~~` and `~~`, what is on the right alone between `**` and `**`.
    """

    left: str
    """What the left one is."""
    right: str
    """What the right one is."""
    passages: tuple[Compared, ...]
    title: str = ""

    def __post_init__(self) -> None:
        check.texts(self, "left", "right", "title")
        check.tuple_of(self, "passages", Compared, "Compared passages")
        check.at_most(self, "passages", len(self.passages))
        check.unique(self, "passages", (each.key for each in self.passages))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: a part of a whole, with both numbers beside it."""

    label: Text
    value: float
    of: float = 0
    """The whole; 0 where the longest bar is."""
    note: str = ""
    ref: Ref | None = None
    key: str = ""

    def __post_init__(self) -> None:
        check.of_kind(self, "label", Text, "a text")
        check.number(self, "value")
        check.number(self, "of")
        check.texts(self, "note")
        points(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Bars below each other, each with its numbers."""

    bars: tuple[Bar, ...]
    title: str = ""

    def __post_init__(self) -> None:
        check.texts(self, "title")
        check.tuple_of(self, "bars", Bar, "Bars")
        check.at_most(self, "bars", len(self.bars))
        check.unique(self, "bars", (bar.key for bar in self.bars))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """One value for each district of a chamber, drawn where the state's tiles are.

    Values are short: two or three characters. Where no map says how the tiles stand, or they have no room, they follow
    their numbers.
    """

    chamber: str
    """Its code on the map: senate, house."""
    values: Mapping[int, Text]
    """By the number of the district; those that are missing are blank."""
    title: str = ""
    legend: str = ""
    """What the values mean."""

    def __post_init__(self) -> None:
        check.texts(self, "chamber", "title", "legend")
        check.of_kind(self, "values", Mapping, "a mapping by number")
        check.at_most(self, "districts", len(self.values))
        for number, value in self.values.items():
            if type(number) is not int or not isinstance(value, Text):
                raise Misfit("it gave Tiles whose values are not texts by the number of the district")
        check.put(self, "values", MappingProxyType(dict(self.values)))


Block = Table | Card | Form | Matrix | Tree | Board | Timeline | TextCompare | Bars | Tiles
BLOCKS: tuple[type, ...] = (Table, Card, Form, Matrix, Tree, Board, Timeline, TextCompare, Bars, Tiles)
"""The closed set."""
