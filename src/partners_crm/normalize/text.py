"""Text from outside: the one door to a terminal, the folded form for search, the keys of names, the check of cells.

Nothing here changes what is stored: `show` and `fold` make forms to look at and to compare.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

MAX_SHOWN = 2000
"""Characters of one value that reach a screen; longer ones freeze a table."""

MAX_CELL_BYTES = 64 * 1024
"""UTF-8 bytes one cell of an imported file may hold."""

# Controls, direction and format characters, fillers that look like nothing, half and non-characters. ZWNJ and ZWJ
# (200C, 200D) stay: names and emoji need them.
UNSAFE = (
    "\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
)
"""What `show` replaces, as the inside of a character class."""
_UNSAFE = re.compile(f"[{UNSAFE}]")
_REPLACEMENT = "\ufffd"
_NEWLINES = re.compile(r"\r\n|\r|\n")


def show(value: object, limit: int = MAX_SHOWN) -> str:
    """The text of a value that is safe to print: one line, nothing in it acts on a terminal or hides.

    Control characters become their pictures (a tab is ␉, a line feed is ␊); direction, zero-width, tag and
    other invisible characters and lone surrogates become U+FFFD. Text of more than `limit` characters is cut
    there and ends in an ellipsis. None is the empty text. Never raises.
    """
    text = value if type(value) is str else _text_of(value)
    if len(text) > limit:
        text = text[: max(limit - 1, 0)] + "…"[: max(limit, 0)]
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub(_picture, text)


def show_lines(value: object, limit: int = MAX_SHOWN, max_lines: int = 1000) -> list[str]:
    """The lines of a note, each as `show` gives it, tabs widened to four columns; at least one line.

    A note of more than `max_lines` lines ends in a line that says how many were left out.
    """
    text = value if type(value) is str else _text_of(value)
    lines = _NEWLINES.split(text)
    left_out = len(lines) - max_lines
    if left_out > 0:
        lines = lines[:max_lines]
    # Cut before the tabs are widened: a line of tabs must not grow fourfold first.
    shown = [show(line[: limit + 1].expandtabs(4), limit) for line in lines]
    return [*shown, f"… {left_out:,} more lines"] if left_out > 0 else shown


def _text_of(value: object) -> str:
    if value is None:
        return ""
    try:
        return str.__str__(value if isinstance(value, str) else str(value))
    except Exception:  # the door for error texts must hold, whatever an object of a plugin does
        return f"<{type(value).__name__} that cannot be shown>"


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else _REPLACEMENT


# Letters that NFKD leaves whole, with the spelling an American keyboard gives them.
_LETTERS = {
    "ł": "l",
    "ø": "o",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "æ": "ae",
    "œ": "oe",
    "ß": "ss",
    "ı": "i",
    "ħ": "h",
    "ŧ": "t",
    "ŋ": "ng",
    "ĸ": "k",
    "ɖ": "d",
    "ɨ": "i",
    "ɉ": "j",
    "ƀ": "b",
    "ɍ": "r",
    "ƶ": "z",
    "ǥ": "g",
}
APOSTROPHES = "'’‘‛`´ʼʻʹ′＇"
"""What `fold` leaves out between letters."""
_MAX_FOLDED_CHARACTERS = 20_000


class _FoldTable(dict[int, str]):
    """What each character folds to, worked out when first met.

    Casefolding, NFKD and the removal of marks all act on single characters, so a table is exact, and folding
    each character until it stops changing makes `fold` idempotent.
    """

    def __missing__(self, code: int) -> str:
        folded, before = chr(code), ""
        while folded != before:
            before = folded
            folded = "".join(map(_fold_step, folded))
        if len(self) < _MAX_FOLDED_CHARACTERS:  # a hostile file must not fill the memory with a million letters
            self[code] = folded
        return folded


def _fold_step(character: str) -> str:
    if character in APOSTROPHES:
        return ""
    if character == "&":
        return " and "
    return "".join(_keep(part) for part in unicodedata.normalize("NFKD", character.casefold()))


def _keep(character: str) -> str:
    if character in _LETTERS:
        return _LETTERS[character]
    if character in APOSTROPHES:
        return ""
    kind = unicodedata.category(character)
    if kind[0] in "LN" or character == "&":
        return character
    if kind[0] == "M":
        # Vowel signs of Indian scripts have class 0 and are letters; accents have another; selectors say nothing.
        is_selector = "\ufe00" <= character <= "\ufe0f" or character >= "\U000e0100"
        return "" if is_selector or unicodedata.combining(character) else character
    return "" if kind == "Cf" else " "


_FOLDED = _FoldTable()


def fold(text: str) -> str:
    """The form under which texts are searched and compared: `Muñoz-O’Connor & Søn` gives `munoz oconnor and son`.

    Small letters without accents, apostrophes dropped, other punctuation a blank, `&` the word and, single
    blanks. Idempotent; empty when the text holds neither letters nor digits.
    """
    return " ".join(text.translate(_FOLDED).split())


_LEGAL_ENDINGS = frozenset(
    [
        "inc",
        "incorporated",
        "llc",
        "lllp",
        "llp",
        "lp",
        "pllc",
        "pc",
        "nfp",
        "corp",
        "corporation",
        "co",
        "company",
        "ltd",
        "limited",
    ]
)


def name_key(text: str) -> str:
    """The key two spellings of one organization's name share: `The Y.M.C.A., Inc.` and `YMCA` give `ymca`.

    The folded name, initials joined, without a leading the and without legal endings. Idempotent, and never
    empty when the folded name is not.
    """
    words: list[str] = []
    initials = ""
    for word in fold(text).split():
        if len(word) == 1 and word.isalpha():
            initials += word
            continue
        if initials:
            words.append(initials)
            initials = ""
        words.append(word)
    if initials:
        words.append(initials)
    while len(words) > 1 and words[0] == "the":
        del words[0]
    while len(words) > 1:
        if words[-1] in _LEGAL_ENDINGS:
            words.pop()
        elif len(words) > 3 and words[-3:] == ["not", "for", "profit"]:
            del words[-3:]
        else:
            break
    return " ".join(words)


def reject_reason(text: str) -> str:
    """Why a cell cannot be stored, as the end of a sentence about it; empty when it can.

    SQLite cuts a text at a NUL in places, no database driver accepts half a character, and a cell of more than
    `MAX_CELL_BYTES` is a document or an unclosed quote.
    """
    if "\x00" in text:
        return "holds a NUL character"
    # A character has four bytes at most: most cells need no encoding.
    if text.isascii():
        size = len(text)
    else:
        try:
            size = len(text.encode("utf-8"))
        except UnicodeEncodeError:
            return "holds half a character (a lone surrogate)"
    if size > MAX_CELL_BYTES:
        return f"is longer than {MAX_CELL_BYTES // 1024} KB"
    return ""


def tidy(text: str) -> str:
    """A single-line value without blanks around it, and with single ones (never a line break) inside."""
    return " ".join(text.split())


def few(names: Sequence[str], most: int) -> str:
    """The first names, at most so many, and how many more there are: `A, B, C and 4 more`."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def ranges(numbers: Iterable[int], dash: str = "-") -> str:
    """Ascending numbers as ranges: 1-3, 5, 8-9."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][-1] == number - 1:
            found[-1] = [found[-1][0], number]
        else:
            found.append([number])
    return ", ".join(dash.join(map(str, each)) for each in found)
