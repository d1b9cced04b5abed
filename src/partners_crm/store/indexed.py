"""What full-text search looks at: the text of each record in the form it is indexed in, and the words of a question.

Nothing here knows which database keeps the index. Values that are not for everyone, by their declaration or by the
coalition's own field, are in no indexed text: nobody finds them. An entity whose records themselves are for staff says
by `searched` whether staff finds them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from partners_crm.model import ContactPoint, CustomField, CustomValue, Table, is_private
from partners_crm.normalize.text import APOSTROPHES, fold
from partners_crm.store.open import Handle
from partners_crm.store.read import parts, tuples

MOST_WORDS = 32
"""Words of one question that are looked for; the others are left out."""
MOST_CHARACTERS = 200
"""Characters of one question that are looked at."""
LONGEST_WORD = 64
"""Letters by which words are told apart, in the index and in questions."""
_BEFORE, _AFTER = 3, 8
"""Words of a long text that are shown around the one that was found."""
_FORM = 2
"""Raised where the form of the index changes: an older one is built anew."""
_AT_ONCE = 5_000
"""Records that are read at a time."""


def tokens(text: str) -> list[str]:
    """The words that are looked for: folded, and no more and no longer ones than the limits above say."""
    words = fold(text[:MOST_CHARACTERS]).split()
    # What was cut in the middle of a word is left out: half a word is in no record.
    around = text[MOST_CHARACTERS - 1 : MOST_CHARACTERS + 1]
    if len(words) > 1 and len(around) == 2 and " " not in f"{fold(around[0]) or ' '}{fold(around[1]) or ' '}":
        words.pop()
    return [word[:LONGEST_WORD] for word in words[:MOST_WORDS]]


def holds(form: str, words: Sequence[str], *, prefix: bool) -> bool:
    """Whether an indexed text holds words in a row; the last one may go on."""
    return f" {' '.join(words)}{'' if prefix else ' '}" in f" {form} "


def around(text: str, wanted: Sequence[str]) -> str:
    """The words of a text around the first of the folded texts that begins there: a few words, in one line."""
    parts = text.split()
    start = 0
    if len(parts) > _BEFORE + _AFTER:
        start = max(0, min(_place(parts, wanted) - _BEFORE, len(parts) - _BEFORE - _AFTER))
    cut = [part if len(part) <= LONGEST_WORD else f"{part[:LONGEST_WORD]}…" for part in parts[start:]]
    shown = cut[: _BEFORE + _AFTER]
    return f"{'… ' if start else ''}{' '.join(shown)}{' …' if len(shown) < len(cut) else ''}"


def _place(words: Sequence[str], wanted: Sequence[str]) -> int:
    """The first of the words with which a folded text begins, or its first word does; else 0."""
    texts = [each.split() for each in wanted if each]
    for phrases in (texts, [each[:1] for each in texts]):
        for place in range(len(words)):
            for phrase in phrases:
                # As it is indexed: with another spelling, and words that a hyphen joins.
                if holds(search_form([" ".join(words[place : place + len(phrase)])]), phrase, prefix=True):
                    return place
    return 0


# -------------------------------------------------------------------- the text of a record

_PHONE = re.compile(r"\+1(\d{3})(\d{3})(\d{4})")
_LONG = re.compile(rf"(\S{{{LONGEST_WORD}}})\S+")


BETWEEN = " · "
"""What stands between two texts in `search_form`."""
_JOINING = re.compile("[-\u2010-\u2015\u2212" + re.escape(APOSTROPHES) + "]")


def search_form(texts: Iterable[str]) -> str:
    """The form under which texts are indexed: each folded, and again with what joins words left out, and as a blank.

    So `Smith-Jones` is found as smith jones and as smithjones, and `O’Connor` as oconnor and as o connor. Between two
    forms stands a sign that is in no folded text: words in a row are those of one text.
    """
    forms: dict[str, None] = {}
    for text in texts:
        forms[fold(text)] = None
        if not text.isalnum() and _JOINING.search(text):
            forms[fold(_JOINING.sub("", text))] = None
            forms[fold(_JOINING.sub(" ", text))] = None
    return BETWEEN.join(form for form in forms if form)


def fields_of(table: type[Table]) -> list[str]:
    """The fields whose text is looked for: what everyone may see."""
    return [name for name, how in table.declarations().items() if how.kind in {"text", "note"} and not is_private(how)]


def searched(db: Handle) -> tuple[type[Table], ...]:
    """The entities whose text is in the index."""
    return _searched(db.entities)


@cache
def _searched(entities: tuple[type[Table], ...]) -> tuple[type[Table], ...]:
    return tuple(table for table in entities if table.entity.searched)


@cache
def shape_of(tables: tuple[type[Table], ...]) -> str:
    """What is indexed of entities, in a form that differs where that does."""
    return hashlib.sha256(
        json.dumps([_FORM, *((table.entity.key, fields_of(table)) for table in tables)]).encode()
    ).hexdigest()


def _form_of(table: type[Table], values: Sequence[str]) -> str:
    """The form under which a record is indexed; "" for one that says nothing."""
    form = search_form(values)
    if table is ContactPoint:
        for value in values:
            # A number is found however its digits stand together: 3125550142, 555-0142.
            for area, office, line in _PHONE.findall(value):
                form += f" {area}{office}{line} {office}{line} {area} {office} {line}"
    return _LONG.sub(r"\1", form) if len(form) > LONGEST_WORD else form


def texts(db: Handle, table: type[Table], ids: Sequence[int] | None = None) -> Iterator[tuple[int, str]]:
    """(id, indexed form) of records, of those with these ids where they are given."""
    fields = [table._meta.fields[name] for name in fields_of(table)]
    query = table.select(table.id, *fields)
    if table is CustomValue:
        open_to_all = CustomField.select(CustomField.id).where(CustomField.visibility == "everyone")
        query = query.where(CustomValue.field.in_(open_to_all))
    if ids is not None:
        for some in parts(list(ids)):
            for key, *values in tuples(db, query.where(table.id.in_(some)).order_by(table.id)):
                yield key, _form_of(table, values)
        return
    last = 0
    while rows := tuples(db, query.where(table.id > last).order_by(table.id).limit(_AT_ONCE)):
        for key, *values in rows:
            yield key, _form_of(table, values)
        last = rows[-1][0]
