"""What comes from outside at its worst: texts that must survive, and files that nobody should stumble over."""

from __future__ import annotations

import random
from collections.abc import Iterator

TEXTS: tuple[str, ...] = (
    "=cmd|'/C calc'!A0",
    "+1 (312) 555-0142",
    "-2+3",
    "@SUM(A1)",
    "[bold]not markup[/] [@click=app.quit]x[/]",
    "a comma, a semicolon; a\ttab",
    'she said "no", twice',
    "first line\nsecond line",
    " blanks around ",
    "back\\slash and \\n that is no line",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "\u202egnp.tset",
    "\u200bzero\u2060width\ufeff",
    "e\u0301 and é, İ and ı, ß",
    "友邻之家",
    "بيت 2",
    "👩\u200d👩\u200d👧\u200d👦 🏳️\u200d🌈",
    "%s %d {0} {name} $(true) `true`",
    "'; DROP TABLE organization; --",
    "<b>bold</b> & <script>",
    "x" * 3000,
    "NULL",
    "0012",
    "1e5",
)
"""Texts that a field of any coalition may hold; nothing may be lost of them, and nothing in them may act."""

FILES: dict[str, bytes] = {
    "one letter": b"x",
    "a line feed and a letter": b"\nx",
    "zero bytes": b"x" + bytes(5000),
    "every byte": bytes(range(256)) * 16,
    "no UTF-8": b"Name\n\xff\xfe\xfd\xc3\x28\n",
    "half a surrogate": b"Name\n\xed\xa0\x80\n",
    "UTF-16": "Name,City\nA,B\n".encode("utf-16"),
    "a mark and nothing else": b"\xef\xbb\xbfx",
    "an open quote": b'Name,City\n"A,B\n' * 50,
    "one long line": b"x" * 300_000,
    "a thousand columns": b"a," * 1000 + b"\n" + b"1," * 1000 + b"\n",
    "deep brackets": b"[" * 50_000,
    "deep objects": b'{"a":' * 20_000,
    "an archive cut off": b"PK\x03\x04" + bytes(40),
    "an old workbook cut off": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "XML with entities": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>',
    "a database": b"SQLite format 3\x00" + bytes(84),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(64),
}
"""Files that are none of any format: each is refused in words, or gives rows."""


def damaged(data: bytes, count: int = 24) -> Iterator[tuple[str, bytes]]:
    """(what was done, bytes): a file cut off, with noise in it, with pieces twice or gone; the same each time."""
    chance = random.Random(len(data))  # noqa: S311  # nothing is kept secret with it
    for number in range(count):
        place = chance.randrange(max(1, len(data)))
        length = 1 + chance.randrange(40)
        kind = number % 4
        if kind == 0:
            yield f"cut off at byte {place}", data[:place]
        elif kind == 1:
            flipped = bytes(chance.randrange(256) for _ in data[place : place + length])
            yield f"noise at byte {place}", data[:place] + flipped + data[place + length :]
        elif kind == 2:
            yield f"bytes missing at {place}", data[:place] + data[place + length :]
        else:
            yield f"bytes twice at {place}", data[: place + length] + data[place:]
