"""People told by the words before their columns: `ED Email`, `Executive Director`, `Board Chair`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from partners_crm.normalize.text import fold
from partners_crm.services.importing.mapping import ColumnMapping
from partners_crm.services.importing.targets import Target, known_names

MOST_PEOPLE = 9
"""People of one row at most, as a saved mapping counts them."""
_TITLES = frozenset(
    (
        *("director", "chair", "chairman", "chairwoman", "chairperson", "president", "treasurer", "secretary"),
        *("ceo", "cfo", "coo", "cto", "cio", "cao", "vp", "administrator", "manager", "superintendent", "coordinator"),
        *("officer", "supervisor", "liaison", "lobbyist", "principal", "pastor"),
    )
)
_SHORT = {"ed": "Executive Director"}
"""What letters stand for that are no title by themselves."""
_OF_NOBODY = frozenset(
    (
        *("primary", "main", "work", "business", "office", "organization", "agency", "company", "member", "mbr"),
        *("membership", "contact", "person", "attendee", "phone", "cell", "mobile", "direct", "e", "email", "mail"),
        *("fax", "home", "other", "alternate", "alt", "site", "street", "mailing", "personal", "secondary", "second"),
        *("preferred", "best", "general", "info", "public", "current", "new", "old", "first", "last", "middle", "day"),
        *("daytime", "evening", "toll", "free", "crisis", "hotline", "emergency", "intake", "s"),
    )
)
"""Words before a way to reach somebody that name nobody."""
_NAMES = {"name": "name", "full name": "name", "contact": "name", "contact name": "name"}
_DIGIT = re.compile(r"\d")


@dataclass(slots=True)
class _Group:
    """The columns of somebody."""

    prefix: str
    columns: dict[int, str] = field(default_factory=dict)
    """Text of a target, without the person, by column."""

    @property
    def is_named(self) -> bool:
        return any(text.startswith("contact.") for text in self.columns.values())

    @property
    def has_ways(self) -> bool:
        return any(text in {"email", "contact_phone"} for text in self.columns.values())

    @property
    def has_mail(self) -> bool:
        return "email" in self.columns.values()


def is_title(words: str) -> bool:
    """Whether folded words are a title that people have at work."""
    return words in _SHORT or not _TITLES.isdisjoint(words.split())


def title_in(header: str) -> str:
    """The title that a header names somebody by: `Board Chair Name` gives `Board Chair`; "" where it names none."""
    words = header.split()
    while words and fold(words[-1]) in {"name", "first", "last", "full", "contact"}:
        words.pop()
    title = " ".join(words)
    return _SHORT.get(fold(title), title) if is_title(fold(title)) else ""


def titles_of(mapping: ColumnMapping) -> dict[int, str]:
    """The title of each person of a row whom a header names by it, where no column says another."""
    found: dict[int, str] = {}
    for header, use in zip(mapping.headers, mapping.uses, strict=True):
        target = use.target
        if target is None or target.kind != "contact" or mapping.columns("role", "title", target.person):
            continue
        if target.name in {"name", "given_name", "family_name"} and (title := title_in(header)):
            found.setdefault(target.person, title)
    return found


def by_prefix(headers: Sequence[str], guessed: Mapping[int, Target | None]) -> Iterator[tuple[int, Target | None, str]]:
    """(column, what it means, why) of columns of people who are told by the words before them.

    `guessed` is what each column would mean by itself. Ways to reach somebody whom no column names mean nothing, rather
    than being somebody else's.
    """
    groups = _groups(headers, guessed)
    grouped = {number for group in groups for number in group.columns}
    others = {number: target for number, target in guessed.items() if number not in grouped and target is not None}
    is_somebody = any(target.kind == "contact" for target in others.values())
    named = [group for group in groups if group.is_named]
    person = max([target.person for target in others.values() if target.kind == "contact"], default=0) + 1
    if not is_somebody and any(target == Target("", "email") for target in others.values()) and named:
        # A mail address of nobody in particular is that of whoever has none of their own.
        named.sort(key=lambda group: group.has_mail)
        person += named[0].has_mail
    for group in named:
        if person > MOST_PEOPLE:
            break
        who = headers[next(number for number, text in group.columns.items() if text.startswith("contact."))]
        for number, text in group.columns.items():
            kind, _, name = text.rpartition(".")
            yield (
                number,
                Target(kind, name, person),
                f"belongs to {who}" if headers[number] != who else "names a person",
            )
        person += 1
    for group in groups:
        if not group.is_named and (named or is_somebody or len(groups) > 1):
            for number in group.columns:
                yield number, None, "belongs to somebody whom no column names"


def _groups(headers: Sequence[str], guessed: Mapping[int, Target | None]) -> list[_Group]:
    found: dict[str, _Group] = {}
    whole: dict[int, str] = {}
    for number, header in enumerate(headers):
        target, folded = guessed.get(number), fold(header)
        if not folded or _DIGIT.search(folded) or (target is not None and target.kind in {"own", "silo"}):
            continue
        may_name = target is None or target == Target("contact", "name") or target.kind == "other_name"
        if may_name and is_title(folded) and not _part(folded)[0]:
            whole[number] = folded
            continue
        prefix, text = _part(folded)
        if prefix and (target is None or target.kind in {"", "contact", "role", "organization", "other_name"}):
            found.setdefault(prefix, _Group(prefix)).columns[number] = text
    for number, folded in whole.items():
        mine = [each for each in found if _stands_for(each, folded)]
        # Of two that could be meant, nobody knows which one is.
        rivals = [each for each in mine if sum(_stands_for(each, other) for other in whole.values()) > 1]
        exact = [each for each in mine if each == folded]
        chosen = exact or [each for each in mine if each not in rivals]
        for each in chosen:
            found[each].columns[number] = "contact.name"
        if not chosen and guessed.get(number) == Target("contact", "name"):
            found.setdefault(folded, _Group(folded)).columns[number] = "contact.name"
    return [group for group in found.values() if group.has_ways or (group.is_named and _was_named(group, guessed))]


def _was_named(group: _Group, guessed: Mapping[int, Target | None]) -> bool:
    """Whether a column of a group would be the name of a person by itself."""
    return is_title(group.prefix) and any(guessed.get(number) == Target("contact", "name") for number in group.columns)


def _stands_for(prefix: str, title: str) -> bool:
    """Whether a prefix is a title, its last words, or its first letters."""
    words = title.split()
    return title == prefix or title.endswith(f" {prefix}") or "".join(word[0] for word in words) == prefix


def _part(folded: str) -> tuple[str, str]:
    """(the words before, the target without its person) of a header such as `chair cell phone`; "" and "" else."""
    names = known_names()
    words = folded.split()
    if folded in names:
        return "", ""
    for start in range(1, len(words)):
        prefix, rest = " ".join(words[:start]), " ".join(words[start:])
        if not _OF_NOBODY.isdisjoint(words[:start]):
            continue
        target = names[rest][0] if rest in names else None
        if rest in _NAMES:
            return (prefix, "contact.name") if rest not in {"name", "full name"} or is_title(prefix) else ("", "")
        if target is None:
            continue
        if target in {Target("", "email"), Target("", "contact_phone")}:
            return prefix, target.name
        if target == Target("", "phone"):
            return (prefix, "contact_phone") if is_title(prefix) else ("", "")
        if target.kind == "contact" and target.name in {"given_name", "family_name"}:
            return prefix, target.text
        if target == Target("role", "title") and rest != "role":
            return prefix, target.text
        return "", ""
    return "", ""
