"""Hostile texts in great number: cheaper than a strategy, and the same ones in every run."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

PIECES: tuple[str, ...] = (
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA1)),
    *"\xad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2069",
    *"\ufeff\ufff9\ufffb\U000e0001\U000e0041\U000e007f\ud800\udbff\udc00\udfff\ufffd\uffff\U0010ffff\ue000",
    *" .,;:/&#@()<>[]{}|\\'\"’`´-–—•·*%+=0123456789",
    *"aAzZéÉñøØłßıİſŉǆΣςοالहि中日本한글ﬁ①½²ªﷺ",
    *("e\u0301", "\u0301", "👩\u200d👧", "🏳\ufe0f", "\x1b[31m", "\x1b]0;x\x07", "\r\n", "Inc.", "the ", "St", "312"),
)
"""Controls, directions, invisible letters, halves of characters, and letters of many scripts."""


def texts(count: int, seed: int, pieces: Sequence[str] = PIECES, longest: int = 24) -> Iterator[str]:
    """`count` texts of up to `longest` pieces; some of any characters at all."""
    draw = random.Random(seed)
    for number in range(count):
        if number % 8:
            yield "".join(draw.choices(pieces, k=draw.randint(0, longest)))
        else:
            yield "".join(chr(draw.randrange(0x110000)) for _ in range(draw.randint(0, longest)))


def whole_texts(count: int, seed: int, pieces: Sequence[str] = PIECES, longest: int = 24) -> Iterator[str]:
    """The same without halves of characters."""
    for text in texts(count, seed, pieces, longest):
        yield "".join(character for character in text if not "\ud800" <= character <= "\udfff")
