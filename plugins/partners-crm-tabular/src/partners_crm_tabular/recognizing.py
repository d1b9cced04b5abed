"""Which of the formats a file is, by its first bytes."""

from __future__ import annotations

import codecs

from partners_crm.plugins import ReadOptions, guess_encoding, signature

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0"
"""What a workbook begins with: one of today, and one of Excel 97."""


def is_workbook(start: bytes) -> bool:
    """Whether a file is a workbook, or another zip file or old document of Office, which is refused when it is read."""
    return start.startswith((ZIP, OLE))


def is_json(start: bytes, options: ReadOptions) -> bool:
    """Whether a file is JSON, and no delimiter says that it is not."""
    return not options.delimiter and looks_like_json(start)


def is_text(start: bytes, options: ReadOptions) -> bool:
    """Whether a file is text of which no other format is known."""
    if is_workbook(start) or is_json(start, options) or signature(start) is not None:
        return False
    return bool(options.encoding) or not is_binary(start, guess_encoding(start))


def looks_like_json(start: bytes) -> bool:
    """Whether a file is JSON by its first bytes; a list in a text file does not begin with `{"` or `[{`."""
    text = start[:4096].decode(guess_encoding(start), "replace").lstrip("\ufeff \t\r\n")
    inside = text[1:].lstrip()
    return (text[:1] == "{" and inside[:1] in {'"', "}"}) or (text[:1] == "[" and inside[:1] in {"{", "[", "]", '"'})


def is_binary(start: bytes, encoding: str) -> bool:
    """Whether a file is full of controls. A stray NUL rejects its row; more than some is no text at all."""
    text = codecs.getincrementaldecoder(encoding)("replace").decode(start[:8192])[:4096]
    return sum(letter < " " and letter not in "\t\r\n" for letter in text) > max(8, len(text) // 20)
