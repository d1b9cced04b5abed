"""An example of each block of the closed set, and the page that shows them."""

from __future__ import annotations

import dataclasses
import inspect
import re
import textwrap
from typing import Any

from partners_crm.plugins import blocks
from partners_crm.plugins.block_text import block_lines
from partners_crm.plugins.blocks import Block, Cell, Ref

WIDTH = 76
EXAMPLES: dict[str, str] = {
    "Table": """
        Table(
            title="Contested members",
            headings=(Heading(label="Member"), Heading(label="Associations"), Heading(label="Issues", align="right")),
            rows=(
                TableRow(cells=("Near West Homes", "Alpha, Beta", "2"), ref=Ref("organization", 4)),
                TableRow(cells=("River Table", Cell(text="Beta", tone="doubt"), "1"), ref=Ref("organization", 9)),
            ),
        )
    """,
    "Card": """
        Card(
            title="Guild of Landlords",
            ref=Ref("organization", 12),
            lines=(
                Line(label="Members", value="31"),
                Line(label="Posture", value=Cell(text="wary since 2011-05", tone="doubt", key="posture")),
            ),
            words="It asked for a delay of the rule twice.\\nIts counsel was at the hearing in June.",
        )
    """,
    "Form": """
        Form(
            title="Write a posture down",
            action="set-posture",
            inputs=(
                Input(
                    name="step",
                    label="Posture",
                    kind="choice",
                    required=True,
                    choices=(("wary", "Wary"), ("observing", "Observing"), ("consulting", "Consulting")),
                ),
                Input(name="since", label="Since", kind="day", value="2011-07"),
                Input(name="reason", label="Reason", kind="note"),
            ),
        )
    """,
    "Matrix": """
        Matrix(
            title="Shared members",
            corner="Association",
            columns=("Alpha", "Beta", "Gamma"),
            rows=(Cell(text="Alpha", ref=Ref("organization", 1)), "Beta", "Gamma"),
            cells=(
                ("31", Cell(text="4", tone="bad"), "0"),
                (Cell(text="4", tone="bad"), "18", "2"),
                ("0", "2", "12"),
            ),
        )
    """,
    "Tree": """
        Tree(
            title="Agencies",
            nodes=(
                Node(
                    label="Human services",
                    ref=Ref("organization", 20),
                    children=(
                        Node(label="Aging", key="aging"),
                        Node(label="Child development", key="child", is_open=False, children=(Node(label="Licences"),)),
                    ),
                ),
                Node(label="Public health"),
            ),
        )
    """,
    "Board": """
        Board(
            title="Where they stand",
            lanes=(
                Lane(label=Cell(text="Hostile", tone="bad"), cards=()),
                Lane(
                    label="Wary",
                    cards=(Card(title="Guild of Landlords", lines=(Line(label="since", value="2011"),), key="gl"),),
                ),
                Lane(
                    label=Cell(text="Collaborating", tone="good"),
                    cards=(
                        Card(title="Kitchens United", lines=(Line(label="since", value="2010"),), key="kitchens"),
                        Card(title="Fox Valley Circle", lines=(Line(label="since", value="2011-02"),), key="fox"),
                    ),
                ),
            ),
        )
    """,
    "Timeline": """
        Timeline(
            title="Guild of Landlords",
            events=(
                Event(day="2011-05-12", text=Cell(text="wary", tone="doubt"), words="Letter to the committee."),
                Event(day="2010", text="observing", key="2010"),
                Event(day="", text="first met"),
            ),
        )
    """,
    "TextCompare": """
        TextCompare(
            title="Community Services Agreement",
            left="FY11",
            right="FY12",
            passages=(
                Compared(
                    label="4.2 > 4.3 Payment terms",
                    left=(
                        Piece(text="The Department "),
                        Piece(text="shall", change="removed"),
                        Piece(text=" pay within "),
                        Piece(text="sixty (60)", change="removed"),
                        Piece(text=" days."),
                    ),
                    right=(
                        Piece(text="The Department "),
                        Piece(text="may", change="added"),
                        Piece(text=" pay within "),
                        Piece(text="ninety (90)", change="added"),
                        Piece(text=" days."),
                    ),
                ),
                Compared(label="4.9 Audits", right=(Piece(text="Audits are unannounced.", change="added"),)),
            ),
        )
    """,
    "Bars": """
        Bars(
            title="Districts reached",
            bars=(
                Bar(label="House", value=71, of=118),
                Bar(label="Senate", value=44, of=59, note="7 possible"),
            ),
        )
    """,
    "Tiles": """
        Tiles(
            title="Members by Senate district",
            chamber="senate",
            values={1: "3", 2: Cell(text="0", tone="bad"), 3: "12", 5: Cell(text="2", tone="doubt")},
            legend="Members with a site in the district; ! none, ? none confirmed.",
        )
    """,
}
"""By the name of the block, as an author writes it."""


def example(name: str) -> Block:
    """The example of a block."""
    names = {key: value for key, value in vars(blocks).items() if inspect.isclass(value)}
    made: Block = eval(textwrap.dedent(EXAMPLES[name]).strip(), {**names, "Cell": Cell, "Ref": Ref})  # noqa: S307
    return made


def page() -> str:
    """Every block: what it is for, its fields and parts, how it is written and what it looks like as text."""
    told: set[type] = {blocks.Ref, blocks.Cell}
    parts = ["## Cell", "", *_about(blocks.Cell), "## Ref", "", *_about(blocks.Ref)]
    for block in blocks.BLOCKS:
        parts += [f"## {block.__name__}", "", *_about(block)]
        for part in _parts(block):
            if part not in told:
                told.add(part)
                parts += [f"### {part.__name__}", "", *_about(part)]
        parts += ["```py", textwrap.dedent(EXAMPLES[block.__name__]).strip(), "```", ""]
        parts += ["```", *block_lines(example(block.__name__), WIDTH), "```", ""]
    return "\n".join(parts).rstrip()


def _about(part: type) -> list[str]:
    """What a block or a part of one is, and a table of its fields."""
    source = inspect.getsource(part)
    rows = []
    for field in dataclasses.fields(part):
        doc = re.search(rf'^    {field.name}: .*\n    """((?:.|\n)*?)"""', source, re.MULTILINE)
        words = " ".join(doc[1].split()) if doc else ""
        rows.append(f"| `{field.name}` | {_cell(f'`{field.type}`')} | {_default(field)} | {_cell(words)} |")
    return [inspect.getdoc(part) or "", "", "| field | type | default | |", "|---|---|---|---|", *rows, ""]


def _default(field: Any) -> str:
    return "" if field.default is dataclasses.MISSING else f"`{field.default!r}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _parts(block: type) -> list[type]:
    """The parts that a block is made of, in the order of its fields."""
    found: list[type] = []
    for field in dataclasses.fields(block):
        for word in re.findall(r"\w+", str(field.type)):
            part = getattr(blocks, word, None)
            if dataclasses.is_dataclass(part) and isinstance(part, type) and part not in (*blocks.BLOCKS, block):
                found += [each for each in (part, *_parts(part)) if each not in found]
    return found
