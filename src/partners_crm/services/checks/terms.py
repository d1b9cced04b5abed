"""The terms of a check as text: `chamber=house silo=housing`."""

from __future__ import annotations

from partners_crm.errors import InvalidValue, NotFound
from partners_crm.services.checks.check import Check, Terms


def read_terms(check: Check, text: str) -> dict[str, str]:
    """Every term of a check with its value: the given one, else its default.

    Raises:
        NotFound: the check has no such term.
        InvalidValue: the text cannot be read, or a term cannot have its value.
    """
    import shlex  # many rules have no terms

    try:
        words = shlex.split(text)
    except ValueError as error:
        raise InvalidValue(
            "Terms", text, f"cannot be read: {error}", 'such as: chamber=house of="Name of it"'
        ) from None
    known = {term.name: term for term in check.terms}
    given: dict[str, str] = {}
    for word in words:
        written, equals, value = word.partition("=")
        name = written.replace("_", "-")
        if name not in known or not equals:
            hint = f"its terms: {', '.join(known)}" if known else "it takes none"
            raise NotFound(f"the check {check.name} has no term {written}", hint)
        if name in given:
            raise InvalidValue(name, value, "is given twice")
        allowed = known[name].allowed
        if allowed and value not in allowed:
            raise InvalidValue(name, value, "is unknown", f"one of: {', '.join(allowed)}")
        given[name] = value
    return {name: given.get(name, term.default) for name, term in known.items()}


def written(check: Check, terms: Terms) -> str:
    """The terms that differ from the defaults, as `read_terms` takes them back."""
    return " ".join(
        f"{term.name}={quoted(terms[term.name])}" for term in check.terms if terms[term.name] != term.default
    )


def quoted(value: str) -> str:
    """A value as a shell and `read_terms` take it."""
    import shlex

    return shlex.quote(value)
