"""The terms of a rule as text, `chamber=house silo=housing`: one grammar for every check and coverage statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from partners_crm.errors import InvalidValue, NotFound

SWITCH = ("no", "yes")
"""The values of a term that is on or off."""
DIGITS = 9
"""Of a whole number at most."""


class RuleTerm(NamedTuple):
    """A term that a rule can have; its values are text."""

    name: str
    """As it is typed: min-count."""
    about: str
    default: str = ""
    allowed: tuple[str, ...] = ()
    """The values it can have; empty where they are not counted."""
    is_number: bool = False
    """Whether it takes a whole number, 0 or more; none at all where the default is empty."""
    metavar: str = ""
    """What stands for a value in the help of a command."""
    option: str = ""
    """What the help of a command says in place of `about`: an option is never empty, and leads to an exit code."""

    @property
    def field(self) -> str:
        """Its name in Python: min_count."""
        return self.name.replace("-", "_")

    @property
    def is_switch(self) -> bool:
        """Whether it is on or off."""
        return self.allowed == SWITCH

    def refuse(self, value: str) -> None:
        """Refuse a value that the term cannot have.

        Raises:
            InvalidValue: with the term and what it can be.
        """
        if self.allowed and value not in self.allowed:
            raise InvalidValue(self.name, value, "is unknown", f"one of: {', '.join(self.allowed)}")
        is_whole = value.isascii() and value.isdecimal() and len(value) <= DIGITS
        if self.is_number and value != self.default and not is_whole:
            raise InvalidValue(self.name, value, "is not a whole number")


def read_terms(whose: str, terms: Sequence[RuleTerm], text: str) -> dict[str, str]:
    """Every term with its value, by name: the given one, else its default; `whose` they are is named in errors.

    Raises:
        NotFound: there is no such term.
        InvalidValue: the text cannot be read, a term is given twice, or cannot have its value.
    """
    known = {term.name: term for term in terms}
    given: dict[str, str] = {}
    for word in _words(text):
        typed, equals, value = word.partition("=")
        name = typed.replace("_", "-")
        if name not in known or not equals:
            hint = f"its terms: {', '.join(known)}" if known else "it takes none"
            raise NotFound(f"{whose} has no term {typed}", hint)
        if name in given:
            raise InvalidValue(name, value, "is given twice")
        known[name].refuse(value)
        given[name] = value
    return {name: given.get(name, term.default) for name, term in known.items()}


def written(terms: Sequence[RuleTerm], values: Mapping[str, str]) -> str:
    """The terms that differ from the defaults, as `read_terms` takes them back."""
    return " ".join(f"{term.name}={quoted(values[term.name])}" for term in terms if values[term.name] != term.default)


def quoted(value: str) -> str:
    """A value as a shell and `read_terms` take it."""
    import shlex  # a check from cron has its terms as options

    return shlex.quote(value)


def _words(text: str) -> list[str]:
    if not text:
        return []
    import shlex  # many rules have no terms

    try:
        return shlex.split(text)
    except ValueError as error:
        raise InvalidValue(
            "Terms", text, f"cannot be read: {error}", 'such as: chamber=house of="Name of it"'
        ) from None
