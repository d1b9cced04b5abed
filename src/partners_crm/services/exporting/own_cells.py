"""The cells of a person's own columns: the inverse of what the import reads.

Each text is one that the import reads as the value it stands for; where the form for reading would not come back, the
value is written as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from functools import lru_cache
from typing import Any, NamedTuple

from partners_crm.errors import InvalidValue
from partners_crm.model import ContactPoint, CustomField, Declared, Site
from partners_crm.normalize.addresses import place_key
from partners_crm.normalize.contact_values import normalize_email, normalize_web, split_emails
from partners_crm.normalize.date_words import parse_date
from partners_crm.normalize.names import split_name
from partners_crm.normalize.phones import format_phone, split_phones
from partners_crm.normalize.text import fold, tidy
from partners_crm.services.custom_fields import read_custom
from partners_crm.services.importing import cells as reading
from partners_crm.services.importing.targets import Target
from partners_crm.services.records import derive_site
from partners_crm.services.values import read_plain, show_value

MARK = "X"
"""What stands where something holds."""
SEPARATOR = "; "
PLACE = ("address", "unit", "city", "state", "postal_code")
"""The fields of a site that say where it is."""
_USES = {"voice": "office", "fax": "fax", "mobile": "cell", "tty": "TTY"}
_EVERYWHERE = frozenset({"statewide", "all", "all districts"})
_NAMES = frozenset({"name", "given_name", "family_name"})


def value_text(how: Declared, value: Any) -> str:
    """The value of a declared field."""
    if how.kind == "flag":
        return MARK if value else ""
    if how.kind == "decimal" and value is not None:
        return repr(float(value))
    return show_value(how, value)


# -------------------------------------------------------------------- phones, mail and web addresses


class Cell(NamedTuple):
    """One value as the text of a cell, and whether it was understood, so that it may share a cell with others."""

    text: str
    understood: bool


def phone_cell(point: ContactPoint, use: str = "", *, extension: bool = True) -> Cell:
    """A phone number for a column that says `use`; without its extension where that has a column of its own."""
    if point.value:
        own = point.extension if extension else ""
        text = format_phone(point.value, own)
        if point.use and point.use != use:
            text += f" ({_USES[point.use]})"
        if _phones_in(text, use) == ((point.value, own, point.use),):
            return Cell(text, understood=True)
    return Cell(str(point.raw), understood=False)


def email_cell(point: ContactPoint, *, typed: bool = False) -> Cell:
    """A mail address, on request as it was typed."""
    raw = str(point.raw)
    if typed and point.value and split_emails(raw) == [raw] and normalize_email(raw)[0] == point.value:
        return Cell(raw, understood=True)
    if point.value and split_emails(point.value) == [point.value] and normalize_email(point.value)[0] == point.value:
        return Cell(point.value, understood=True)
    return Cell(str(point.raw), understood=False)


def web_text(point: ContactPoint) -> str:
    """A web address; several never share a cell."""
    return point.value if point.value and normalize_web(point.value)[0] == point.value else str(point.raw)


def packed(found: Sequence[Cell], columns: int, split: Callable[[str], Sequence[object]]) -> list[list[str]]:
    """Values in as few rows of so many columns as may be: those that were understood share the last cell.

    `split` gives the values that the import finds in a cell; a text that was not understood stands alone.
    """
    if not columns:
        return []
    good, bad = ([cell.text for cell in found if cell.understood is wanted] for wanted in (True, False))
    room = max(columns - len(bad), 1)
    if len(good) > room:
        last = good[room - 1 :]
        joined = SEPARATOR.join(last)
        if list(split(joined)) == [each for text in last for each in split(text)]:
            good = [*good[: room - 1], joined]
    cells = good + bad
    return [cells[start : start + columns] for start in range(0, len(cells), columns)]


def phones_in(text: str) -> tuple[tuple[str, str, str], ...]:
    """(number, extension, use) of each phone that the import finds in a cell."""
    return _phones_in(text, "")


@lru_cache(maxsize=1024)
def _phones_in(text: str, use: str) -> tuple[tuple[str, str, str], ...]:
    return tuple((phone.e164, phone.extension, use or phone.use) for phone in split_phones(text))


# -------------------------------------------------------------------- names


def name_cells(name: str, given: str, family: str, has: Set[str]) -> dict[str, str]:
    """The name of a person for the columns there are: name, given_name, family_name, middle_name, name_ending.

    Without a column for the whole name, the parts put together are the name.
    """
    before, middle, after = _around(name, given, family)
    whole = {"name": name, "given_name": given, "family_name": family, "middle_name": middle, "name_ending": after}
    if "name" in has:
        if not {"given_name", "family_name"} <= has and split_name(name) == (given, family):
            # One part alone would keep the other from being found in the name.
            whole |= {"given_name": "", "family_name": ""}
        return {key: text for key, text in whole.items() if key in has}
    first, words = _put(before, given), name.split()
    tails = ({"family_name": family, "name_ending": after}, *({"family_name": each} for each in _ends(family, after)))
    variants: list[dict[str, str]] = [{"given_name": first, "middle_name": middle, **tail} for tail in tails]
    variants += [{"given_name": _put(first, middle), **tail} for tail in tails]
    variants.append({"given_name": " ".join(words[:-1]), "family_name": words[-1] if words else ""})
    variants += [{part: name} for part in NAME_PARTS]
    for cells in variants:
        said = " ".join(filter(None, (cells.get(key, "") for key in NAME_PARTS)))
        if said == tidy(name) and all(key in has for key, text in cells.items() if text):
            return {key: text for key, text in cells.items() if text}
    return {}


NAME_PARTS = ("given_name", "middle_name", "family_name", "name_ending")


def _around(name: str, given: str, family: str) -> tuple[str, str, str]:
    """What stands before, between and behind the given and the family name, of which either may be missing."""
    if not given and not family:
        return "", name, ""
    first, last = name.find(given), name.rfind(family)
    if first < 0 or last < 0 or (given and family and first + len(given) > last):
        return "", "", ""
    if not family:
        parts = (name[:first], "", name[first + len(given) :])
    elif not given:
        parts = ("", name[:last], name[last + len(family) :])
    else:
        parts = (name[:first], name[first + len(given) : last], name[last + len(family) :])
    before, middle, after = map(str.strip, parts)
    return before, middle, after


def _ends(family: str, after: str) -> tuple[str, str]:
    return _put(family, after), f"{family}{after}"


def _put(one: str, other: str) -> str:
    return " ".join(filter(None, (one, other)))


def joined(names: Sequence[str], split: Callable[[str], Sequence[str]]) -> str:
    """Several names in one cell; a sign that `split` would part a name at gives way to a blank."""
    text = SEPARATOR.join(names)
    if list(split(text)) == list(names):
        return text
    return SEPARATOR.join(tidy(reading.SPLIT.sub(" ", name)) for name in names)


# -------------------------------------------------------------------- places


def place_cells(site: Site, has: Set[str]) -> dict[str, str]:
    """Where a site is, for the columns there are: what has no column goes into the address."""
    stored = {name: str(site[name]) for name in PLACE}
    plain = {name: text for name, text in stored.items() if name in has}
    held = fold(stored["address"])
    is_apart = not any(stored[name] and fold(stored[name]) in held for name in ("unit", "city", "postal_code"))
    if is_apart and all(name in has for name, text in stored.items() if text):
        return plain
    if "address" not in has:
        return plain
    region = " ".join(filter(None, (stored["state"], stored["postal_code"])))
    inside = _listed(stored["address"], stored["unit"] if "unit" not in has else "")
    whole = _listed(stored["address"], stored["unit"], stored["city"], region)
    for cells in (
        plain,
        {"address": stored["address"]},
        {**plain, "address": inside},
        {**plain, "address": _listed(inside, stored["city"], region)},
        {"address": whole},
        {"address": _listed(stored["city"], region)} if not stored["address"] else plain,
    ):
        if _reads_as(cells, site):
            return cells
    return (
        plain if all(name in has for name in ("city", "postal_code")) or not stored["address"] else {"address": whole}
    )


def _listed(*parts: str) -> str:
    return ", ".join(filter(None, parts))


def _reads_as(cells: Mapping[str, str], site: Site) -> bool:
    found = {**dict.fromkeys(PLACE, ""), **cells}
    found |= derive_site(found)
    if any(fold(found[name]) != fold(str(site[name])) for name in ("city", "state", "postal_code")):
        return False
    return place_key(found["street"], found["unit"], found["postal_code"], found["city"]) == place_key(
        site.street, site.unit, site.postal_code, site.city
    )


def district_cells(numbers: Mapping[str, int], area: str, has: Set[str], came: Mapping[str, str]) -> dict[str, str]:
    """The districts of a place for the columns house and senate; an area in words where no column of its own has it.

    An area stands where it came from: `came` is what a row of a file said in these columns.
    """
    cells = {chamber: str(number) for chamber, number in numbers.items() if chamber in has}
    for chamber, text in came.items():
        words = "Statewide" if fold(text) in _EVERYWHERE else f"{chamber.capitalize()} {tidy(text)}"
        if area and words == area:
            return {**cells, chamber: text}
    for chamber in ("house", "senate"):
        words = area.removeprefix(f"{chamber.capitalize()} ")
        if chamber in has and chamber not in cells and words != area and reading.several_districts(words):
            return {**cells, chamber: words}
    if area == "Statewide":
        free = next((chamber for chamber in ("house", "senate") if chamber in has and chamber not in cells), "")
        return {**cells, free: area} if free else cells
    return cells


# -------------------------------------------------------------------- cells that say nothing


def is_unread(target: Target, text: str, silos: Set[str], own: Mapping[str, CustomField]) -> bool:
    """Whether the import takes nothing from a cell: then its text stands in the source row alone, and belongs back."""
    how = target.declared
    if target.kind == "silo" or (how is not None and how.kind == "flag"):
        return not reading.read_mark(text)
    if target.name in {"do_not_contact", "unsubscribed"}:
        # Any other word in such a column counts.
        return reading.read_mark(text) is False
    if target.kind == "contact" and target.name in _NAMES and reading.is_nobody(text, is_part=target.name != "name"):
        return True
    if target == Target("", "email") and reading.is_no_mail(text):
        return True
    if reading.is_blank(text):
        return target.name != "title" and not (target.kind == "contact" and target.name in _NAMES and text.isalpha())
    if target.kind == "own":
        return target.name in own and _refused(lambda: read_custom(own[target.name], text))
    if target == Target("", "silo"):
        return not any(fold(part.replace("_", " ")) in silos for part in reading.SPLIT.split(text))
    if target == Target("", "email_status"):
        return not reading.MAIL_WORDS.get(fold(text), "")
    if target == Target("identifier", "value"):
        return not reading.ein(text).value
    if target == Target("site", "postal_code"):
        return not reading.postal_code(text).value
    if how is not None and how.kind == "day":
        return not reading.serial_day(text, 1900) and _refused(lambda: parse_date(text))
    if how is not None and how.kind == "choice":
        words = reading.status(text).value if target == Target("membership", "status") else text
        return _refused(lambda: read_plain(how, words))
    return False


def _refused(read: Callable[[], object]) -> bool:
    try:
        read()
    except InvalidValue:
        return True
    return False


def as_header(name: str, number: int, earlier: Sequence[str]) -> str:
    """The header that a column of a saved mapping had; repeated and empty ones go by their number there."""
    found = re.fullmatch(rf"(?:(.*) )?column {number}", name, re.DOTALL)
    return (found[1] or "") if found and (not found[1] or found[1] in earlier) else name
