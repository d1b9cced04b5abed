"""Cells that no spreadsheet computes, and that come back as they were.

Every cell the program writes to a CSV file or a workbook is `neutral`; whatever reads cells of a file passes them
through `restored`, so that its own exports come back unchanged.
"""

from __future__ import annotations

import re

LIVE = "=+\\-@\t\r\n＝＋－＠"
"""What makes a spreadsheet compute a cell, as the inside of a character class; the last four are full-width forms."""
# Blanks, controls and what looks like nothing: spreadsheets differ in what of it they drop from the front of a cell.
_UNSEEN = "\x00-\x08\x0b\x0c\x0e-\x20\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff"
_MARKED = re.compile(f"'*[{_UNSEEN}]*[{LIVE}]")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


def neutral(text: str) -> str:
    """The text with one apostrophe in front where a spreadsheet would compute it; plain numbers stay as they are.

    A text that could be taken for one with such an apostrophe gets another one, so that `restored` is exact.
    """
    # Most cells begin with a letter or a digit.
    if text[:1].isalnum():
        return text
    return f"'{text}" if _is_marked(text) else text


def restored(text: str) -> str:
    """What `neutral` was given: `restored(neutral(text)) == text` for every text. Other text comes back as it is."""
    return text[1:] if text[:1] == "'" and _is_marked(text[1:]) else text


def is_live(text: str) -> bool:
    """Whether a spreadsheet may compute a cell of this text."""
    return bool(_MARKED.match(text)) and text[0] != "'" and not _NUMBER.fullmatch(text)


def _is_marked(text: str) -> bool:
    return bool(_MARKED.match(text)) and not _NUMBER.fullmatch(text)
