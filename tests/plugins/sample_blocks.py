"""Blocks of every kind for tests: small ones, and ones whose every text is hostile."""

from __future__ import annotations

from partners_crm.plugins.blocks import (
    Bar,
    Bars,
    Block,
    Board,
    Card,
    Cell,
    Compared,
    Event,
    Form,
    Heading,
    Input,
    Lane,
    Line,
    Matrix,
    Node,
    Piece,
    Ref,
    Table,
    TableRow,
    TextCompare,
    Tiles,
    Timeline,
    Tree,
)

HOUSING, FOOD, AGING = Ref("organization", 4), Ref("organization", 9), Ref("organization", 11)
STEPS = (("wary", "Wary"), ("observing", "Observing"), ("consulting", "Consulting"))


def table(rows: int = 3) -> Table:
    return Table(
        title="Contested members",
        headings=(Heading(label="Member"), Heading(label="Associations"), Heading(label="Issues", align="right")),
        rows=tuple(
            TableRow(
                cells=(
                    f"Member {number}",
                    Cell(text="Alpha, Beta", tone="doubt", ref=FOOD) if number == 1 else "Gamma",
                    str(number),
                ),
                ref=Ref("organization", 100 + number),
            )
            for number in range(rows)
        ),
    )


def card() -> Card:
    return Card(
        title="Guild of Landlords",
        ref=HOUSING,
        lines=(Line(label="Members", value="31"), Line(label="Posture", value=Cell(text="wary", tone="bad", key="p"))),
        words="It asked for a delay twice.\nIts counsel was at the hearing.",
    )


def form() -> Form:
    return Form(
        title="Write a posture down",
        action="set-posture",
        inputs=(
            Input(name="step", label="Posture", kind="choice", required=True, choices=STEPS),
            Input(name="since", label="Since", kind="day"),
            Input(name="members", label="Members", kind="whole"),
            Input(name="reason", label="Reason", kind="note"),
        ),
    )


def matrix(size: int = 3) -> Matrix:
    names = ("Alpha", "Beta", "Gamma") if size == 3 else tuple(f"Association {number}" for number in range(size))
    return Matrix(
        title="Shared members",
        corner="Association",
        columns=names,
        rows=(Cell(text=names[0], ref=HOUSING), *names[1:]),
        cells=tuple(tuple(str(abs(row - column) * 7 % 32) for column in range(size)) for row in range(size)),
    )


def tree() -> Tree:
    licences = Node(label="Licences", key="licences")
    children = (Node(label="Aging", key="aging"), Node(label="Child development", is_open=False, children=(licences,)))
    return Tree(
        title="Agencies",
        nodes=(Node(label="Human services", ref=FOOD, children=children), Node(label="Public health", ref=AGING)),
    )


def board() -> Board:
    return Board(
        title="Where they stand",
        lanes=(
            Lane(label=Cell(text="Hostile", tone="bad"), cards=()),
            Lane(label="Wary", cards=(Card(title="Guild of Landlords", words="since 2011-05", key="guild"),)),
            Lane(
                label=Cell(text="Collaborating", tone="good"),
                cards=(
                    Card(title="Kitchens United", lines=(Line(label="since", value="2010"),), ref=FOOD),
                    Card(title="Fox Valley Circle", lines=(Line(label="since", value="2011-02"),), key="fox"),
                ),
            ),
        ),
    )


def timeline() -> Timeline:
    return Timeline(
        title="Guild of Landlords",
        events=(
            Event(day="2011-05-12", text=Cell(text="wary", tone="doubt"), words="Letter to the committee.", key="w"),
            Event(day="2010", text="observing", ref=FOOD),
            Event(day="", text="first met"),
        ),
    )


def compare() -> TextCompare:
    return TextCompare(
        title="Community Services Agreement",
        left="FY11",
        right="FY12",
        passages=(
            Compared(
                label="4.2 > 4.3 Payment terms",
                key="4.3",
                left=(
                    Piece(text="The Department "),
                    Piece(text="shall", change="removed"),
                    Piece(text=" pay each invoice that it has approved within "),
                    Piece(text="sixty (60)", change="removed"),
                    Piece(text=" days of receipt."),
                ),
                right=(
                    Piece(text="The Department "),
                    Piece(text="may", change="added"),
                    Piece(text=" pay each invoice that it has approved within "),
                    Piece(text="ninety (90)", change="added"),
                    Piece(text=" days of receipt."),
                ),
            ),
            Compared(label="4.9 Audits", right=(Piece(text="Audits are unannounced.", change="added"),)),
        ),
    )


def bars() -> Bars:
    return Bars(
        title="Districts reached",
        bars=(
            Bar(label="House", value=71, of=118, ref=HOUSING),
            Bar(label="Senate", value=44, of=59, note="7 possible", key="senate"),
        ),
    )


def tiles() -> Tiles:
    return Tiles(
        title="Members by Senate district",
        chamber="senate",
        values={1: "3", 2: Cell(text="0", tone="bad"), 3: Cell(text="12", ref=HOUSING), 5: "2"},
        legend="Members with a site in the district; ! is none.",
    )


def every() -> tuple[Block, ...]:
    """One block of each kind, in the order of the closed set."""
    return (table(), card(), form(), matrix(), tree(), board(), timeline(), compare(), bars(), tiles())


def hostile(text: str) -> tuple[Block, ...]:
    """One block of each kind in which every text is this one."""
    cell = Cell(text=text, tone="bad", key="k")
    piece = (Piece(text=text, change="removed"), Piece(text=text), Piece(text=text, change="added"))
    inner = Card(title=text, lines=(Line(label=text, value=text), Line(label=text, value=cell)), words=text)
    asked = (
        Input(name="a", label=text, value=text, help=text),
        Input(name="b", label=text, kind="note", value=text),
        Input(name="c", label=text, kind="choice", choices=(("x", text), ("y", text + "2")), value="x"),
    )
    return (
        Table(headings=(Heading(label=text),) * 2, rows=(TableRow(cells=(text, cell)),) * 2, title=text),
        Table(headings=(Heading(label=text),), rows=(), empty=text),
        inner,
        Form(title=text, inputs=asked, action=text, save=text),
        Matrix(columns=(text, cell), rows=(cell, text), cells=((text, cell),) * 2, title=text, corner=text),
        Tree(nodes=(Node(label=text, children=(Node(label=cell),)),), title=text),
        Board(lanes=(Lane(label=text, cards=(inner,)), Lane(label=cell, cards=())), title=text),
        Timeline(events=(Event(day=text, text=cell, words=text), Event(day="", text=text)), title=text),
        TextCompare(left=text, right=text, passages=(Compared(left=piece, right=piece, label=text),), title=text),
        Bars(bars=(Bar(label=text, value=1, of=2, note=text), Bar(label=cell, value=1)), title=text),
        Tiles(chamber=text, values={1: text, 2: cell}, title=text, legend=text),
    )
