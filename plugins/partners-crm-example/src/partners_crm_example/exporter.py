"""Writes files of cards, as the importer reads them."""

from __future__ import annotations

from pathlib import Path

from partners_crm.plugins import Exporter, Page, PluginContext, Problem, Written, text_of
from partners_crm_example.importer import EQUALS, GOES_ON, MARK


def write(_context: PluginContext, page: Page, path: Path) -> Written:
    """Write a page; what the format cannot hold is said of its cell, and then the core drops the file."""
    problems: list[Problem] = []
    count = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(f"{MARK}\n")
        for row in page.rows:
            count += 1
            lines = []
            for field in page.fields:
                text = text_of(field, row[field.name])
                if reason := _fault(field.heading, text):
                    problems.append(Problem(count, field.heading, text, reason, "export it as CSV"))
                elif text:
                    lines.append(f"{field.heading}{EQUALS}{text}".replace("\n", f"\n{GOES_ON}"))
            stream.write("\n".join(["", *lines, ""]))
    return Written(rows=count, problems=tuple(problems))


def _fault(label: str, text: str) -> str:
    """Why a value cannot stand on a card so that it reads back as it was; "" where it can."""
    if "\r" in text:
        return "has a carriage return, which ends a line of a card"
    if (
        f"{label}{EQUALS}".index(EQUALS) != len(label)
        or "\n" in label
        or not label.strip()
        or label.startswith(GOES_ON)
    ):
        return "its label cannot stand on a card"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "has half a character, which UTF-8 cannot hold"
    return ""


exporter = Exporter(name="cards", title="Cards of labels and values", suffixes=("cards",), write=write)
