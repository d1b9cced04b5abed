"""What the first bytes of a file say: its encoding, and formats that are known to be no list."""

from __future__ import annotations

from typing import NamedTuple


class Signature(NamedTuple):
    """A format that files begin like."""

    said: str
    """What is said of such a file where no plugin reads it: is a PDF, not a list."""
    hint: str
    """What to do with it then."""


_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_FORMATS = (
    (b"\x7fELF", "a program", "name a file with a list in it"),
    (b"%PDF", "a PDF", "export the list as CSV from the program it comes from"),
    (b"SQLite format 3", "a database", "open it with --db, or export a list from it as CSV"),
    (b"\x1f\x8b", "a compressed file", "unpack it first"),
    (b"{\\rtf", "a text document (.rtf)", "save its table as CSV"),
)
_CARDS = b"begin:vcard"
_PAGES = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<head", b"<meta")


def signature(start: bytes) -> Signature | None:
    """The format that a file begins like, of those that are no list; None for any other file."""
    for magic, what, hint in _FORMATS:
        if start.startswith(magic):
            return Signature(f"is {what}, not a list", hint)
    # In UTF-16, every other byte of it is zero.
    plain = start[:64].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0").replace(b"\0", b"").lower()
    if plain.startswith(_CARDS):
        return Signature("is a file of address cards (vCard), not a list", "export the list as CSV")
    if plain.startswith(_PAGES):
        hint = "open it in a spreadsheet program and save it as .xlsx"
        return Signature("is a web page (HTML or XML), whatever its name says", hint)
    return None


def guess_encoding(start: bytes) -> str:
    """The encoding of a file by its first bytes alone; UTF-8 where they tell nothing else."""
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    first = start[:200]
    if first.count(0) > len(first) // 4:
        return "utf-16-be" if first[::2].count(0) > first[1::2].count(0) else "utf-16-le"
    return "utf-8"
