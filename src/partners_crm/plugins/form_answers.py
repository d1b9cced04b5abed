"""What was typed into a form or the inputs of an action, read and checked before a plugin gets it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from partners_crm.errors import InvalidValue, PartnersError
from partners_crm.normalize.date_words import parse_date
from partners_crm.normalize.text import fold
from partners_crm.plugins.blocks import Input

Find = Callable[[str, str], int]
"""The id of a record, by its entity and what was typed: a number or a name. Raises `NotFound` or `Ambiguous`."""
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}", re.ASCII)
_YES, _NO = frozenset({"yes", "y", "true", "1", "x"}), frozenset({"no", "n", "false", "0", ""})


def read_answers(
    inputs: Iterable[Input], typed: Mapping[str, str], find: Find | None = None
) -> tuple[dict[str, str], dict[str, PartnersError]]:
    """The answers by name, and what is wrong by name; a plugin gets them only where nothing is.

    An answer is text: of a day 2011, 2011-07 or 2011-07-14, of a whole number its figures, of a choice its value, of a
    flag "yes" or "", of a record its id. What was not answered is "". Without `find` a record is left as it was typed.
    """
    answers: dict[str, str] = {}
    wrong: dict[str, PartnersError] = {}
    for asked in inputs:
        text = typed.get(asked.name, "")
        text = text.rstrip() if asked.kind == "note" else " ".join(text.split())
        try:
            answer = _read(asked, text, find) if text or asked.kind == "flag" else ""
            if asked.required and not answer:
                raise InvalidValue(asked.label, "", "is required")
            answers[asked.name] = answer
        except PartnersError as error:
            wrong[asked.name] = error
    return answers, wrong


def _read(asked: Input, text: str, find: Find | None) -> str:
    match asked.kind:
        case "day":
            return parse_date(text)
        case "whole":
            if not _WHOLE.fullmatch(text.replace(",", "")):
                raise InvalidValue(asked.label, text, "is not a whole number")
            return str(int(text.replace(",", "")))
        case "flag":
            word = fold(text)
            if word not in _YES | _NO:
                raise InvalidValue(asked.label, text, "is neither yes nor no")
            return "yes" if word in _YES else ""
        case "choice":
            return _choice(asked, text)
        case "record":
            return text if find is None else str(find(asked.entity, text))
    return text


def _choice(asked: Input, text: str) -> str:
    """The value whose label or value is typed; case and accents do not matter."""
    for value, label in asked.choices:
        if text in (value, label):
            return value
    found = [value for value, label in asked.choices if fold(text) in (fold(value), fold(label))]
    if len(found) != 1:
        words = ", ".join(label for _, label in asked.choices)
        raise InvalidValue(asked.label, text, "is not among its choices", f"one of: {words}")
    return found[0]


__all__ = ["Find", "read_answers"]
