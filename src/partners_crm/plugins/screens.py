"""What plugins return from the hooks of the terminal UI: views, tabs, columns and actions, described as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from partners_crm.plugins import block_checks as check
from partners_crm.plugins.answers import Misfit
from partners_crm.plugins.blocks import Align, Block, Input, Ref, Text

if TYPE_CHECKING:
    from partners_crm.plugins.context import PluginContext

Answers = Mapping[str, str]
"""The answers of a form or of an action's inputs, by the name of the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a person has chosen in a view."""

    block: int
    """The place of its block, counted from 0."""
    ref: Ref | None = None
    key: str = ""
    row: int = 0
    """Counted from 0: the row of a table or a matrix, the card in its lane, the node in reading order, the event, the
    passage, the bar; of tiles the number of the district. -1 is the label of a column of a matrix."""
    column: int = 0
    """Of a matrix: the column, counted from 0, and -1 for the label of a row; of a board: the lane; of a table: 0
    for the row, and from 1 for a cell of it that stands for something itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """Answer of a selection or an action: blocks on a page of their own, which Esc leaves."""

    title: str
    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        check.texts(self, "title")
        check.tuple_of(self, "blocks", Block, "blocks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Answer of a selection or an action: a record, or the list of a query."""

    entity: str
    id: int = 0
    """0 opens the list."""
    query: str = ""

    def __post_init__(self) -> None:
        check.texts(self, "entity", "query")
        check.record_id(self, "id", least=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Answer of an action: what it did, and how to undo it; the view is drawn anew."""

    text: str
    hint: str = ""

    def __post_init__(self) -> None:
        check.texts(self, "text", "hint")


Reply = Show | Open | Said | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something a person can do with records, or in a view."""

    name: str
    title: str
    run: Callable[[PluginContext, tuple[Ref, ...], Answers], Reply]
    """Gets the records that are chosen or marked, as they were then, and the answers to `inputs`."""
    scopes: tuple[str, ...] = ()
    """Where it is offered: `organizations`, `contacts`, `organization` (its card), `view:NAME` of the same plugin."""
    key_hint: str = ""
    """A key it would like in its scope; keys of the core win, and the palette always has the action."""
    confirm: str = ""
    """A question that is asked before: "Close 3 members?"; `{count}` is the number of records."""
    dangerous: bool = False
    inputs: tuple[Input, ...] = ()
    staff_only: bool = False
    """Whether it shows what is not for everyone: it is hidden on a shared screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column that a list may have beside the core's."""

    name: str
    entity: str
    """Whose list: organization."""
    label: str
    values: Callable[[PluginContext, tuple[int, ...]], Mapping[int, Text]]
    """A text for each of these ids; called once for a page of rows, never for a cell. Missing ones are blank."""
    width: int = 12
    """Cells it would like, from 1."""
    align: Align = "left"
    staff_only: bool = False
    """Whether it shows what is not for everyone: hidden on a shared screen, exported only with --include-private."""

    def __post_init__(self) -> None:
        check.among(self, "align", get_args(Align))
        check.number(self, "width")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A page on the card of a record."""

    name: str
    entity: str
    """Whose card: organization."""
    title: str
    blocks: Callable[[PluginContext, Any], Iterable[Block]]
    """The blocks of a record, which is sealed; none where there is nothing to say, and then there is no tab."""
    staff_only: bool = False
    """Whether it shows what is not for everyone: it is hidden on a shared screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A switch of a view: its value is among the `answers` of `blocks`."""

    name: str
    label: str
    values: tuple[tuple[str, str], ...]
    """(value, label) pairs; the first one is the default."""
    key_hint: str = ""

    def __post_init__(self) -> None:
        check.pairs(self, "values")
        if not self.values:
            raise Misfit("it gave a Choice without values")
        check.unique(self, "values", (value for value, _ in self.values))


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A screen of a plugin."""

    name: str
    title: str
    blocks: Callable[[PluginContext, Answers], Iterable[Block]]
    """What is on it, under the values of its switches."""
    select: Callable[[PluginContext, Selection, Answers], Reply] | None = None
    """What Enter does on something that is no record, or before a record is opened; None opens the record."""
    choices: tuple[Choice, ...] = ()
    staff_only: bool = False
    """Whether it shows what is not for everyone: it is hidden on a shared screen."""


__all__ = ["Action", "Answers", "Choice", "Column", "Open", "Reply", "Said", "Selection", "Show", "Tab", "View"]
