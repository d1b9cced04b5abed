"""Record types as data: what can be declared, that it comes back as it was, and the tables it makes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.errors import InvalidValue
from partners_crm.model import ENTITIES, Organization
from partners_crm.model import fields as core_fields
from partners_crm.model.record_types import (
    FieldDeclared,
    KeptType,
    RecordType,
    fields,
    from_json,
    in_order,
    kept_from_json,
    kept_json,
    tables_of,
    to_json,
)

CORE = {table.entity.name: table for table in ENTITIES}


def lane(**values: Any) -> RecordType:
    """A plain type, with what is said otherwise."""
    given: dict[str, Any] = {
        "name": "lane",
        "plural": "lanes",
        "title": "issue",
        "about": "A stance.",
        "fields": {"issue": fields.text("Issue", required=True), "organization": fields.link("Of", "organization")},
    }
    return RecordType(**{**given, **values})


def kept(kind: RecordType, **values: Any) -> KeptType:
    """The type as a coalition keeps it."""
    given: dict[str, Any] = {"plugin": "acme", "release": "1.0", "type": kind, "key": f"acme_{kind.name}"}
    return KeptType(**{**given, **values})


# -------------------------------------------------------------------- what can be declared

REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"name": "Lane"}, "is no name"),
    ({"name": ""}, "is no name"),
    ({"name": "two words"}, "is no name"),
    ({"name": 'x"; DROP TABLE organization; --'}, "is no name"),
    ({"name": "x" * 41}, "is no name"),
    ({"plural": "lane"}, "is its name too"),
    ({"about": ""}, "must not be empty"),
    ({"about": "two\nlines"}, "is not one line"),
    ({"visibility": "nobody"}, "is none of"),
    ({"searched": "yes"}, "neither True nor False"),
    ({"fields": {}}, "declares no field"),
    ({"title": "topic"}, "is none of its fields"),
    ({"title": "organization"}, "cannot be the title"),
    ({"was": ("lane",)}, "is the name that it has"),
    ({"fields_were": {"topic": "old"}}, "is none of its fields"),
    ({"fields_were": {"issue": "organization"}}, "is still one of its fields"),
    ({"fields": {"issue": fields.text("Issue"), "id": fields.text("Id")}}, "every record has a use for"),
    ({"fields": {"issue": fields.text("Issue"), "select": fields.text("Id")}}, "every record has a use for"),
    ({"fields": {"issue": fields.text("")}}, "must not be empty"),
    ({"fields": {"issue": fields.text("Issue", unique=True)}}, "cannot be unique"),
    ({"fields": {"issue": fields.choice("Issue", ())}}, "are not (stored value, shown label) pairs"),
    ({"fields": {"issue": fields.choice("Issue", (("a", "A"), ("a", "B")))}}, "one stored value twice"),
    ({"fields": {"issue": fields.choice("Issue", (("a", "A"),), default="b")}}, "is none of"),
    ({"fields": {"issue": fields.text("Issue"), "x": fields.link("X", "")}}, "link without a target"),
    ({"fields": {"issue": fields.text("I"), "x": fields.link("X", "site", required=True)}}, "would be cleared"),
    ({"fields": {"issue": fields.text("I"), "x": fields.link("X", "site"), "x_id": fields.text("Y")}}, "beside"),
    ({"fields": {"issue": "text"}}, "is no field"),
    ({"title": "", "fields": {f"f{number}": fields.text("F") for number in range(201)}}, "more than 200 fields"),
)


@pytest.mark.parametrize(("values", "why"), REFUSED, ids=[why for _, why in REFUSED])
def test_what_cannot_be_declared(values: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        lane(**values)
    assert why in caught.value.message
    assert "\n" not in caught.value.message


def test_fields_are_declared_as_the_core_declares_its_own() -> None:
    choices = (("for", "For"), ("against", "Against"))
    pairs: tuple[tuple[FieldDeclared, Any], ...] = (
        (fields.text("A", help="b", required=True), core_fields.text("A", help="b", required=True)),
        (fields.note("A", visibility="staff"), core_fields.note("A", visibility="staff")),
        (fields.choice("A", choices, default="for"), core_fields.choice("A", choices, default="for")),
        (fields.choice("A", choices, required=True), core_fields.choice("A", choices, required=True)),
        (fields.day("A", headers=("since",)), core_fields.day("A", headers=("since",))),
        (fields.whole("A"), core_fields.whole("A")),
        (fields.decimal("A"), core_fields.decimal("A")),
        (fields.flag("A", derived=True), core_fields.flag("A", derived=True)),
        (fields.link("A", "organization"), core_fields.link("A", Organization)),
    )
    for mine, core in pairs:
        assert mine.how == core.declared


# -------------------------------------------------------------------- written down

WORDS = st.from_regex(r"[a-z][a-z0-9]{0,8}(_[a-z0-9]{1,5})?", fullmatch=True)
LINES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=30)
VISIBILITY: st.SearchStrategy[Any] = st.sampled_from(("everyone", "staff", "author"))


@st.composite
def declared_fields(draw: st.DrawFn) -> FieldDeclared:
    label, helping, visibility = draw(LINES), draw(st.one_of(st.just(""), LINES)), draw(VISIBILITY)
    common: dict[str, Any] = {"help": helping, "visibility": visibility}
    kind = draw(st.sampled_from(("text", "note", "choice", "day", "whole", "decimal", "flag", "link")))
    if kind == "text":
        required = draw(st.booleans())
        return fields.text(label, required=required, unique=required and draw(st.booleans()), **common)
    if kind == "choice":
        codes = draw(st.lists(WORDS, min_size=1, max_size=4, unique=True))
        choices = tuple((code, draw(LINES)) for code in codes)
        return fields.choice(label, choices, default=draw(st.sampled_from(("", *codes))), **common)
    if kind == "link":
        required = draw(st.booleans())
        on_delete: Any = "cascade" if required else draw(st.sampled_from(("cascade", "clear")))
        target = draw(st.sampled_from(("organization", "site", "self")))
        return fields.link(label, target, required=required, on_delete=on_delete, **common)
    made: FieldDeclared = getattr(fields, kind)(label, headers=tuple(draw(st.lists(LINES, max_size=2))), **common)
    return made


@st.composite
def record_types(draw: st.DrawFn) -> RecordType:
    names = st.builds("f_{}".format, WORDS)
    declared = draw(st.dictionaries(names, declared_fields(), min_size=1, max_size=6))
    titles = [name for name, each in declared.items() if each.how.kind in {"text", "note", "choice", "day"}]
    name = draw(WORDS)
    return RecordType(
        name=name,
        plural=f"{name}s",
        title=draw(st.sampled_from(("", *titles))),
        about=draw(LINES),
        fields=declared,
        visibility=draw(VISIBILITY),
        searched=draw(st.booleans()),
        was=draw(st.sampled_from(((), ("earlier_one",)))),
        fields_were={each: f"old_{each}" for each in list(declared)[:1]},
    )


@given(record_types())
def test_a_declaration_comes_back_as_it_was(kind: RecordType) -> None:
    assert from_json(to_json(kind)) == kind
    assert to_json(from_json(to_json(kind))) == to_json(kind)
    whole = kept(
        kind,
        columns={next(iter(kind.fields)): "first_name"},
        gone={"was_here": fields.note("Was here")},
        names_were=(("acme_old", "acme_olds"),),
        spent=("spent_one",),
    )
    assert kept_from_json(kept_json(whole)) == whole


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"plugin": 3}', "\0", '{"name": "lane"}'])
def test_what_is_no_declaration(text: str) -> None:
    with pytest.raises(InvalidValue):
        from_json(text)
    with pytest.raises(InvalidValue):
        kept_from_json(text)


def test_a_kept_declaration_names_no_other_column_than_a_slug() -> None:
    for text in (
        kept_json(kept(lane(), key='x" (id); --')),
        kept_json(kept(lane(), columns={"issue": 'x" TEXT; --'})),
        kept_json(kept(lane(), columns={"issue": "organization"})),
        kept_json(kept(lane(), gone={"issue": fields.text("Issue")})),
    ):
        with pytest.raises(InvalidValue):
            kept_from_json(text)


@pytest.mark.parametrize(
    "taken",
    [
        {"key": "rule"},
        {"key": "change_values"},
        {"key": "schema_migration"},
        {"key": "sqlite_schema"},
        {"columns": {"issue": "id"}},
        {"columns": {"issue": "uid"}},
        {"columns": {"issue": "version"}},
    ],
    ids=str,
)
def test_a_kept_declaration_takes_nothing_of_the_cores(taken: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match=r"of the program itself|which every record has"):
        kept_from_json(kept_json(kept(lane(), **taken)))


@pytest.mark.parametrize(("plugin", "name", "plural"), [("silo", "share", "x"), ("saved", "x", "searches")])
def test_a_kept_declaration_is_not_called_like_an_entity_of_the_core(plugin: str, name: str, plural: str) -> None:
    each = replace(kept(lane(name=name, plural=plural), key="silo_lane"), plugin=plugin)
    with pytest.raises(InvalidValue, match="is the name of something of the program itself"):
        kept_from_json(kept_json(each))


# -------------------------------------------------------------------- tables


@given(record_types())
def test_a_table_declares_what_the_type_does(kind: RecordType) -> None:
    (table,) = tables_of([kept(kind)], CORE)
    assert (table.entity.name, table.entity.plural) == (f"acme_{kind.name}", f"acme_{kind.plural}")
    assert table.entity.visibility == kind.visibility
    assert table.declarations() == {name: each.how for name, each in kind.fields.items()}
    for name, target in table.links().items():
        wanted = kind.fields[name].target
        assert target is (table if wanted == "self" else CORE[wanted])


def test_the_same_declarations_give_the_same_tables() -> None:
    one, other = kept(lane()), kept(lane(name="bill", plural="bills"))
    assert tables_of([one, other], CORE) == tables_of([other, one], CORE)
    changed = replace(one, type=lane(about="Another."))
    assert tables_of([changed, other], CORE)[0] is tables_of([one, other], CORE)[0]  # bill
    assert tables_of([changed], CORE) != tables_of([one], CORE)


def test_links_point_backwards_and_run_in_no_circle() -> None:
    a = kept(lane(name="a", plural="aa", fields={"issue": fields.text("I"), "b": fields.link("B", "acme_b")}))
    b = kept(lane(name="b", plural="bb", fields={"issue": fields.text("I"), "up": fields.link("Up", "self")}))
    assert [each.name for each in in_order([a, b])] == ["acme_b", "acme_a"]
    circle = replace(b, type=replace(b.type, fields={**b.type.fields, "a": fields.link("A", "acme_a")}))
    with pytest.raises(InvalidValue, match="in a circle"):
        in_order([a, circle])
    with pytest.raises(InvalidValue, match="is no entity here"):
        tables_of([a], CORE)


def test_a_field_that_is_gone_is_shown_and_never_asked_for() -> None:
    (table,) = tables_of([kept(lane(), gone={"reason": fields.text("Reason", required=True)})], CORE)
    how = table.declarations()["reason"]
    assert (how.derived, how.required) == (True, False)


def test_what_is_for_staff_hides_every_field_and_every_link_to_it() -> None:
    secret = kept(lane(name="a", plural="aa", visibility="staff"))
    link = {
        "issue": fields.text("Issue"),
        "a": fields.link("A", "acme_a"),
        "memo": fields.note("M", visibility="staff"),
    }
    told = kept(lane(name="b", plural="bb", fields=link))
    first, second = tables_of([secret, told], CORE)
    assert first.private() == {"issue", "organization"}
    assert second.private() == {"a", "memo"}
