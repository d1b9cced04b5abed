"""Reads files of cards: what somebody types on the way home from a visit.

# cards
Organization = Prairie Friends
City = Springfield
Note = the door is on the north side
  and the bell does not ring

Organization = Rock River Bridge

A file begins with `# cards`. An empty line ends a card, and a line that begins with two blanks goes on with the one
before. What a label means is found out by the core, as for the columns of a spreadsheet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from partners_crm.plugins import Importer, InputFile, PluginContext, Reading, ReadOptions, Row

MARK = "# cards"
EQUALS = " = "
GOES_ON = "  "
MOST = 10_000_000
"""Bytes of a file at most: cards are typed by hand, and all of them are kept in memory here."""


def recognizes(_context: PluginContext, file: InputFile, _options: ReadOptions) -> bool:
    """Whether a file is one of cards: by its first bytes, never by its name."""
    first, _, _ = file.start.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    return first.rstrip() == MARK.encode()


def read(
    _context: PluginContext,
    file: InputFile,
    _options: ReadOptions,
    _known: Callable[[str], bool],
    progress: Callable[[int, int], None] | None,
) -> Reading:
    """The cards of a file as rows, a column for each label.

    Raises:
        FileRefused: a fault of the file. It is said with `file.refused`, with the line and what to do.
    """
    if file.size > MOST:
        raise file.refused(f"is larger than {MOST // 1_000_000} MB", "split it")
    # All of the file is read through `blocks`: by that the core knows its checksum.
    data = b"".join(file.blocks(progress))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise file.refused("is not UTF-8 text", "save it as UTF-8", line=line) from None
    cards = list(_cards(file, text))
    labels = tuple(dict.fromkeys(label for _, card in cards for label in card))
    if not labels:
        raise file.refused("has no card", "such as: Organization = Prairie Friends")
    rows = [Row(line, tuple(card.get(label, "") for label in labels)) for line, card in cards]
    return Reading("cards, utf-8", lambda: iter(rows), encoding="utf-8", headers=labels, about=len(rows))


def _cards(file: InputFile, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """(line on which it begins, value by label) of each card."""
    card: dict[str, str] = {}
    begun, last = 0, ""
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        label, equals, value = line.partition(EQUALS)
        if number == 1 or not line:  # the mark, or the end of a card
            if card:
                yield begun, card
            card, last = {}, ""
        elif line.startswith(GOES_ON) and last:
            card[last] += "\n" + line.removeprefix(GOES_ON)
        elif not equals or not label.strip():
            raise file.refused("is no line of a card", "such as: Organization = Prairie Friends", line=number)
        elif label in card:
            raise file.refused(f"{label!r} stands twice on a card", "leave one out", line=number)
        else:
            begun = begun if card else number
            card[label], last = value, label
    if card:
        yield begun, card


importer = Importer(name="cards", title="Cards of labels and values", recognizes=recognizes, read=read)
