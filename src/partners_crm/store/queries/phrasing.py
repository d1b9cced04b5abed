"""Words of which the sentence of a query is made; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from partners_crm.normalize.text import show
from partners_crm.store.queries.days import Days, Numbers


def quoted(text: str) -> str:
    """A text in curly quotes, safe to print."""
    return f"“{show(text)}”"


def a_or_an(noun: str) -> str:
    """A noun with its article: an organization, a site."""
    return f"{'an' if re.match('[aeiou]', noun, re.IGNORECASE) else 'a'} {noun}"


def either(words: Sequence[str]) -> str:
    """Alternatives: Housing, Aging or Disability."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def days_words(days: Days) -> str:
    """Days as they are compared: after 2010, 2011-07 or later."""
    if days.operator == "..":
        if not days.first:
            return f"{days.last} or earlier"
        return f"from {days.first} to {days.last}" if days.last else f"{days.first} or later"
    if days.operator == "":
        return days.first if len(days.first) == len("2011-07-14") else f"in {days.first}"
    return _sides(days.operator, days.first, ("before", "after", "or earlier", "or later"))


def numbers_words(numbers: Numbers) -> str:
    """Numbers as they are compared: more than 5, from 2 to 5."""
    first, last = (None if each is None else number_word(each) for each in (numbers.first, numbers.last))
    if numbers.operator == "..":
        if first is None:
            return f"at most {last}"
        return f"at least {first}" if last is None else f"from {first} to {last}"
    if numbers.operator == "":
        return str(first)
    return {"<": f"less than {first}", "<=": f"at most {first}", ">": f"more than {first}", ">=": f"at least {first}"}[
        numbers.operator
    ]


def number_word(number: float) -> str:
    """A number as it is read."""
    return f"{number:g}" if abs(number) < 1e6 and number == round(number, 6) else f"{number:,.10g}"


def _sides(operator: str, text: str, words: tuple[str, str, str, str]) -> str:
    before, after, or_before, or_after = words
    return {
        "<": f"{before} {text}",
        ">": f"{after} {text}",
        "<=": f"{text} {or_before}",
        ">=": f"{text} {or_after}",
    }[operator]
