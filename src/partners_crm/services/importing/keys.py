"""The keys under which records are known again: of names, numbers, phones, mail addresses and places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from partners_crm.normalize.text import fold, name_key


def organization_key(name: str) -> str:
    """The key under which two spellings of an organization's name meet; a name of signs alone stands for itself."""
    return name_key(name) or " ".join(name.split())


def name_clue(name: str) -> str:
    """The key of an organization's name."""
    return f"n:{organization_key(name)}"


def number_clue(system: str, value: str) -> str:
    """The key of a number that a system knows an organization by."""
    return f"i:{system}:{fold(value) if system != 'ein' else value}"


def uid_clue(uid: str, *, of_person: bool = False) -> str:
    """The key of a uid, which a file of our own making names its records by."""
    return f"cu:{uid}" if of_person else f"u:{uid}"


def point_clue(kind: str, value: str) -> str:
    """The key of a phone or a mail address that was understood; "" for any other."""
    return f"{kind}:{value.lower()}" if value and kind in {"phone", "email"} else ""


def point_value(values: Mapping[str, Any]) -> str:
    """What tells a phone, a mail or a web address from another one of its kind: capitals of a mail address do not."""
    value: str = values["value"] or fold(values["raw"])
    return value.lower() if values["kind"] == "email" else value


def place_clue(place: str) -> str:
    """The key of a place with a street; "" for a mere town."""
    return f"a:{place}" if place and not place.startswith("|") else ""


def personal_clue(point: Mapping[str, Any]) -> str:
    """The key of a phone or a mail address as that of a person; "" for one that was not understood."""
    clue = point_clue(point["kind"], point["value"])
    return clue and f"c{clue}"


def person_clue(name: str) -> str:
    """The key of a person's name."""
    return f"c:{fold(name)}"
