"""Fields of the coalition's own: what they may be, what they hold, and the way back."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.errors import Conflict, InvalidValue, NotFound
from partners_crm.model import Contact, CustomField, CustomValue, Organization, Site, Table
from partners_crm.services import custom_fields, doctor, records, recovering
from partners_crm.services.custom_fields import define, guess_kind, key_of, read_custom, set_value, set_values
from partners_crm.services.values import show_value
from partners_crm.store import journal

Write = Callable[[Callable[[Any], Any]], Any]
LEVELS = ("Gold", "Silver", "In-kind")


@pytest.fixture
def write(crm: Crm) -> Write:
    """One operation."""

    def call(work: Callable[[Any], Any]) -> Any:
        with crm.changes("test") as unit:
            return work(unit)

    return call


@pytest.fixture
def body(write: Write) -> Organization:
    found: Organization = write(lambda unit: records.add(unit, Organization, name="Near West Homes"))
    return found


def field(kind: str, **values: Any) -> CustomField:
    return CustomField(**{"label": "Thing", "kind": kind, "choices": "\n".join(LEVELS), **values})


def say(crm: Crm, record: Table, **texts: str) -> None:
    with crm.changes("say") as unit:
        set_values(unit, record, texts)


def named(crm: Crm, name: str) -> Organization:
    with crm.changes("add") as unit:
        return records.add(unit, Organization, name=name)


def said(crm: Crm, record: Table) -> dict[str, str]:
    return custom_fields.values_of(crm.db, type(record), [record.id]).get(record.id, {})


def dumped(crm: Crm) -> dict[str, list[Any]]:
    names = ("custom_field", "custom_value", "organization")
    return {name: crm.db.driver.execute(f'SELECT * FROM "{name}" ORDER BY id').fetchall() for name in names}


# -------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("text", "  Dana  Reyes ", "Dana  Reyes"),
        ("text", "two\nlines", "two\nlines"),
        ("number", "$1,250.50", "1250.5"),
        ("date", "7/14/2011", "2011-07-14"),
        ("date", "2011", "2011"),
        ("choice", "gold", "Gold"),
        ("choice", " in  kind ", "In-kind"),
        ("yes_no", "X", "yes"),
        ("yes_no", "No", "no"),
        ("number", "  ", ""),
        ("yes_no", "", ""),
    ],
)
def test_a_value_is_kept_as_the_one_text_that_stands_for_it(kind: str, typed: str, kept: str) -> None:
    assert read_custom(field(kind), typed) == kept


@pytest.mark.parametrize(
    ("kind", "typed", "words"),
    [
        ("text", "a\0b", "NUL"),
        ("text", "\ud800", "surrogate"),
        ("number", "twelve", "is not a number"),
        ("date", "soon", "is not a date"),
        ("date", "2011-02-30", "2011-02-30"),
        ("choice", "Bronze", "one of: Gold, Silver, In-kind"),
        ("yes_no", "perhaps", "neither yes nor no"),
    ],
)
def test_what_does_not_fit_its_field_is_refused_by_its_label(kind: str, typed: str, words: str) -> None:
    with pytest.raises(InvalidValue, match="Thing") as refused:
        read_custom(field(kind), typed)
    assert words in str(refused.value)


@given(kind=st.sampled_from(["text", "number", "date", "choice", "yes_no"]), text=st.text(max_size=20))
def test_reading_what_is_kept_or_shown_gives_the_same(kind: str, text: str) -> None:
    each = field(kind)
    try:
        kept = read_custom(each, text)
    except InvalidValue:
        return
    assert read_custom(each, kept) == kept
    how = custom_fields.declared_of(each)
    shown = show_value(how, custom_fields.typed(each, kept)) if kept and kind in {"yes_no", "choice"} else kept
    assert read_custom(each, shown) == kept


@given(st.lists(st.sampled_from(["A", "a ", "A+", "A-", "á", "b", "B.", "not b"]), min_size=1, unique=True))
def test_a_choice_that_is_spelled_out_is_that_choice(choices: list[str]) -> None:
    each = field("choice", choices="\n".join(choices))
    for choice in custom_fields.choices_of(each):
        assert read_custom(each, choice) == choice


def test_plain_data_of_a_value() -> None:
    assert custom_fields.typed(field("number"), "12") == 12
    assert custom_fields.typed(field("number"), "12.5") == 12.5
    assert custom_fields.typed(field("yes_no"), "no") is False
    assert custom_fields.typed(field("date"), "2011-07") == "2011-07"
    assert custom_fields.typed(field("number"), "of before") == "of before"
    assert custom_fields.typed(field("yes_no"), "perhaps") == "perhaps"


# -------------------------------------------------------------------- defining


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("Board chair", "board_chair"),
        ("  Año de fundación (FY) ", "ano_de_fundacion_fy"),
        ("2026 dues", "field_2026_dues"),
        ("理事長", "field"),
        ("%", "field"),
        ("x" * 60, "x" * 40),
        ("Executive Director's Assistant's Telephone Number", "executive_directors_assistants_telephone"),
    ],
)
def test_a_label_suggests_a_key(label: str, key: str) -> None:
    assert key_of(label) == key


@given(st.text(max_size=60))
def test_any_suggested_key_can_be_typed(label: str) -> None:
    assert custom_fields._KEY.fullmatch(key_of(label))
    assert len(key_of(label)) <= custom_fields.MAX_KEY


@pytest.mark.parametrize(
    ("table", "key", "words"),
    [
        (Organization, "name", "is a field of organizations already"),
        (Organization, "uid", "is a field of organizations already"),
        (Organization, "phone", "is a column of organizations already"),
        (Organization, "silo", "means something in a query"),
        (Organization, "program", "means something in a query"),
        (Contact, "do_not_contact", "is a field of contacts already"),
        (Contact, "title", "is a column of contacts already"),
        (Contact, "is", "means something in a query"),
        (Site, "latitude", "is a field of sites already"),
        (Site, "Chair", "cannot be typed"),
        (Site, "board chair", "cannot be typed"),
        (Site, "9th", "cannot be typed"),
        (Site, "x" * 41, "cannot be typed"),
        (Organization, "taken", "is taken by custom_field 1"),
    ],
)
def test_a_key_that_means_something_already_is_refused(
    crm: Crm, write: Write, table: type[Table], key: str, words: str
) -> None:
    write(lambda unit: define(unit, Contact, "Taken", "text"))
    with pytest.raises(InvalidValue, match="Key") as refused:
        write(lambda unit: define(unit, table, "Some", "text", key=key))
    assert words in str(refused.value)
    with pytest.raises(InvalidValue, match="Key"):
        write(lambda unit: define(unit, Organization, "TAKEN", "text"))
    assert len(crm.records(CustomField)) == 1


def test_what_a_label_alone_suggests_may_be_taken_too(crm: Crm, write: Write) -> None:
    with pytest.raises(InvalidValue, match="'phone' is a column of organizations already"):
        write(lambda unit: define(unit, Organization, "Phone", "text"))
    assert write(lambda unit: define(unit, Site, "Phone", "text")).key == "phone"
    with pytest.raises(InvalidValue, match="Label must not be empty"):
        write(lambda unit: define(unit, Site, " ", "text"))
    with pytest.raises(InvalidValue, match="is not a choice"):
        write(lambda unit: define(unit, Site, "Other", "colour"))
    with pytest.raises(InvalidValue, match="Of"):
        write(lambda unit: define(unit, CustomField, "Other", "text"))


def test_a_choice_needs_choices_and_each_once(write: Write) -> None:
    with pytest.raises(InvalidValue, match="Choices are missing"):
        write(lambda unit: define(unit, Organization, "Level", "choice", choices=(" ", "")))
    with pytest.raises(InvalidValue, match="'gold' is there 2 times"):
        write(lambda unit: define(unit, Organization, "Level", "choice", choices=("Gold", "gold")))


def test_a_field_tells_the_faces_what_any_other_does(crm: Crm) -> None:
    kinds = {"text": "text", "number": "decimal", "date": "day", "choice": "choice", "yes_no": "flag"}
    for kind, meant in kinds.items():
        with crm.changes("define") as unit:
            made = define(unit, Site, f"A {kind}", kind, choices=LEVELS, help="Why.")
        how = custom_fields.declared_of(made)
        assert (how.kind, how.label, how.help) == (meant, f"A {kind}", "Why.")
        assert how.choices == (tuple((each, each) for each in LEVELS) if kind == "choice" else ())
        assert not custom_fields.is_private(how)
    for visibility in ("staff", "author"):
        with crm.changes("define") as unit:
            private = define(unit, Site, f"For {visibility}", "text", visibility=visibility)
        assert custom_fields.is_private(custom_fields.declared_of(private))


def test_another_label_keeps_the_key_and_what_is_said(crm: Crm, write: Write, body: Organization) -> None:
    made = write(lambda unit: define(unit, Organization, "Board chair", "text"))
    write(lambda unit: set_value(unit, made, body, "Dana Reyes"))
    after = write(lambda unit: custom_fields.rename(unit, made, " Chair of the board "))
    assert (after.label, after.key) == ("Chair of the board", "board_chair")
    assert said(crm, body) == {"board_chair": "Dana Reyes"}


# -------------------------------------------------------------------- saying


def test_a_value_is_added_changed_and_taken_away(crm: Crm, write: Write, body: Organization) -> None:
    made = write(lambda unit: define(unit, Organization, "Budget", "number"))
    for text, kept in (("$1,000", {"budget": "1000"}), ("1,200.50", {"budget": "1200.5"}), ("", {})):
        say(crm, body, budget=text)
        assert said(crm, body) == kept
    before = crm.operations()[0].id
    for text in ("", "  "):
        say(crm, body, budget=text)
    assert crm.operations()[0].id == before, "saying nothing again is no operation"
    write(lambda unit: set_value(unit, made, body, "5"))
    before = crm.operations()[0].id
    write(lambda unit: set_value(unit, made, body, "5.0"))
    assert crm.operations()[0].id == before, "nor is another spelling of the same number"


def test_a_field_is_of_one_entity_and_must_be_there(crm: Crm, write: Write, body: Organization) -> None:
    made = write(lambda unit: define(unit, Contact, "Nickname", "text"))
    with pytest.raises(InvalidValue, match="Nickname is a field of contacts, not of organizations"):
        write(lambda unit: set_value(unit, made, body, "x"))
    with pytest.raises(NotFound, match="organizations have no field nickname"):
        write(lambda unit: set_values(unit, body, {"nickname": "x"}))
    person = write(lambda unit: records.add(unit, Contact, name="Dana Reyes"))
    write(lambda unit: records.remove(unit, made))
    with pytest.raises(NotFound, match="contacts have no field nickname"):
        write(lambda unit: set_value(unit, made, person, "x"))


def test_somebody_elses_value_is_not_written_over(crm: Crm, write: Write, body: Organization) -> None:
    made = write(lambda unit: define(unit, Organization, "Board chair", "text"))
    write(lambda unit: set_value(unit, made, body, "Dana Reyes"))
    with pytest.raises(Conflict, match="Board chair of organization 1 was changed by somebody else meanwhile"):
        write(lambda unit: set_values(unit, body, {"board_chair": "Robin Okafor"}, seen={}))
    write(lambda unit: set_values(unit, body, {"board_chair": "Dana Reyes"}, seen={}))
    write(lambda unit: set_values(unit, body, {"board_chair": "Robin Okafor"}, seen=said(crm, body)))
    assert said(crm, body) == {"board_chair": "Robin Okafor"}


def test_the_rules_of_a_value_hold_for_one_added_by_hand(crm: Crm, write: Write, body: Organization) -> None:
    budget = write(lambda unit: define(unit, Organization, "Budget", "number"))
    person = write(lambda unit: records.add(unit, Contact, name="Dana Reyes"))

    def add(**values: Any) -> Any:
        return write(lambda unit: records.add(unit, CustomValue, field=budget.id, **values))

    for values, words in (
        ({"value": "5"}, "must be one organization"),
        ({"value": "5", "contact": person.id}, "must be one organization"),
        ({"value": "5", "contact": person.id, "organization": body.id}, "must be one organization"),
        ({"value": "five", "organization": body.id}, "is not a number"),
        ({"value": "5.0", "organization": body.id}, "write it as 5"),
        ({"value": "", "organization": body.id}, "must not be empty"),
    ):
        with pytest.raises(InvalidValue, match=words):
            add(**values)
    value = add(value="5", organization=body.id)
    with pytest.raises(InvalidValue, match="is there already: custom value 1"):
        add(value="6", organization=body.id)
    write(lambda unit: records.edit(unit, value, value="6"))
    assert said(crm, body) == {"budget": "6"}


# -------------------------------------------------------------------- another kind


def test_another_kind_is_taken_when_everything_fits_and_is_spelled_anew(crm: Crm, write: Write) -> None:
    made = write(lambda unit: define(unit, Organization, "Founded", "text"))
    bodies = [named(crm, name) for name in ("One", "Two", "Three")]
    for each, text in zip(bodies, ("7/14/2011", "Jul 2012", "long ago"), strict=True):
        say(crm, each, founded=text)
    with pytest.raises(InvalidValue, match=r"'date' does not fit 1 of 3 stored values: 'long ago' is not a date"):
        write(lambda unit: records.edit(unit, made, kind="date"))
    write(lambda unit: set_value(unit, made, bodies[2], ""))
    before = dumped(crm)
    write(lambda unit: records.edit(unit, made, kind="date"))
    assert [said(crm, each) for each in bodies] == [{"founded": "2011-07-14"}, {"founded": "2012-07"}, {}]
    crm.undo()
    assert dumped(crm) == before, "the old spelling comes back with the old kind"


def test_choices_that_are_said_cannot_go_and_a_respelled_one_is_followed(
    crm: Crm, write: Write, body: Organization
) -> None:
    made = write(lambda unit: define(unit, Organization, "Level", "choice", choices=LEVELS))
    write(lambda unit: set_value(unit, made, body, "gold"))
    with pytest.raises(InvalidValue, match="Choices does not fit 1 of 1 stored values: 'Gold'"):
        write(lambda unit: records.edit(unit, made, choices="Silver"))
    write(lambda unit: records.edit(unit, made, choices="GOLD\nSilver"))
    assert said(crm, body) == {"level": "GOLD"}
    with pytest.raises(InvalidValue, match="1 organizations say something in it"):
        write(lambda unit: records.edit(unit, crm.records(CustomField)[0], applies_to="site"))
    with pytest.raises(InvalidValue, match="Of: 'silo' has no custom fields"):
        write(lambda unit: records.edit(unit, crm.records(CustomField)[0], applies_to="silo"))


# -------------------------------------------------------------------- the way back


def test_a_deleted_field_takes_its_values_and_says_how_many_before(crm: Crm, write: Write, body: Organization) -> None:
    made = write(lambda unit: define(unit, Organization, "Budget", "number"))
    other = named(crm, "River Table")
    for each in (body, other):
        say(crm, each, budget="5")
    (touched,) = records.touched_by_removal(crm.db, made)
    assert touched.described() == "2 custom values go with it"
    before = dumped(crm)
    write(lambda unit: records.remove(unit, made))
    assert (crm.records(CustomField), crm.records(CustomValue)) == ([], [])
    assert not crm.undo().refused
    assert dumped(crm) == before
    assert records.touched_by_removal(crm.db, body)[0].described() == "1 custom value goes with it"
    write(lambda unit: records.remove(unit, body))
    assert [value.organization for value in crm.records(CustomValue)] == [other.id]
    assert not crm.undo().refused
    assert dumped(crm) == before


def test_the_doctor_and_a_recovery_know_them_as_any_record(
    crm: Crm, write: Write, body: Organization, tmp_path: Path
) -> None:
    write(lambda unit: define(unit, Organization, "Budget", "number"))
    write(lambda unit: define(unit, Contact, "Level", "choice", choices=LEVELS, visibility="staff"))
    person = write(lambda unit: records.add(unit, Contact, name="Dana Reyes", do_not_contact=True))
    say(crm, body, budget="1250.5")
    say(crm, person, level="Gold")
    for check in doctor.examine(crm.db, ["records", "journal", "links"], clock=crm.clock):
        assert not check.findings, check
    before = dumped(crm)
    crm.close()
    assert recovering.recover(crm.path, tmp_path / "recovered.db", clock=lambda: NOW).is_whole
    with Crm.open(tmp_path / "recovered.db", clock=lambda: NOW) as recovered:
        # A recovery writes every record anew, and so its version.
        for name, rows in dumped(recovered).items():
            assert [(*row[:2], *row[3:]) for row in rows] == [(*row[:2], *row[3:]) for row in before[name]]
        assert [each.do_not_contact for each in recovered.contacts()] == [True]


KEYS = ("text", "number", "choice", "yes_no")
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("say"), st.integers(1, 2), st.sampled_from(KEYS), st.sampled_from(["", "1", "X", "Gold", "no"])
        ),
        st.tuples(st.just("define"), st.just(0), st.sampled_from(KEYS), st.just("")),
        st.tuples(st.just("delete"), st.just(0), st.sampled_from(KEYS), st.just("")),
        st.tuples(st.just("remove"), st.integers(1, 2), st.just("text"), st.just("")),
    ),
    max_size=8,
)


@settings(max_examples=25)
@given(STEPS)
def test_undoing_everything_and_redoing_it_restores_every_value(
    blank_coalition: Path, steps: list[tuple[str, int, str, str]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "coalition.db"
        shutil.copyfile(blank_coalition, path)
        with Crm.open(path, clock=lambda: NOW) as crm:
            with crm.changes("begin") as unit:
                for name in ("One", "Two"):
                    records.add(unit, Organization, name=name)
                for kind in KEYS[:2]:
                    define(unit, Organization, f"My {kind}", kind, choices=LEVELS)
            states = [dumped(crm)]
            for step in steps:
                before = crm.operations()[0].id
                carry_out(crm, *step)
                if crm.operations()[0].id != before:
                    states.append(dumped(crm))
            for state in states[-2::-1]:
                assert not crm.undo().refused
                assert dumped(crm) == state
            for state in states[1:]:
                assert not crm.redo().refused
                assert dumped(crm) == state
            assert journal.first_break(crm.db) is None
            assert crm.db.driver.execute("PRAGMA foreign_key_check").fetchall() == []


def carry_out(crm: Crm, step: str, record: int, kind: str, text: str) -> None:
    fields = {each.kind: each for each in crm.records(CustomField)}
    bodies = {each.id: each for each in crm.organizations()}
    try:
        with crm.changes(step) as unit:
            if step == "define":
                define(unit, Organization, f"My {kind}", kind, choices=LEVELS)
            elif step == "say" and kind in fields and record in bodies:
                set_value(unit, fields[kind], bodies[record], text)
            elif step == "delete" and kind in fields:
                records.remove(unit, fields[kind])
            elif step == "remove" and record in bodies:
                records.remove(unit, bodies[record])
    except InvalidValue:
        pass


# -------------------------------------------------------------------- guessing


@pytest.mark.parametrize(
    ("texts", "guess"),
    [
        (["X", "", "x", " "], ("yes_no", ())),
        (["yes", "No", "Y"], ("yes_no", ())),
        (["1", "0", "yes"], ("yes_no", ())),
        (["1", "0", "0"], ("number", ())),
        (["$1,200", "(30)", "2.5"], ("number", ())),
        (["2011", "1998"], ("number", ())),
        (["01234", "60612"], ("text", ())),
        (["7/14/2011", "", "Jul 2012"], ("date", ())),
        (["2011", "2012-07"], ("date", ())),
        (["Gold", "gold ", "Gold", "Silver"] * 5, ("choice", ("Gold", "Silver"))),
        (["Gold", "Silver"] * 9, ("text", ())),
        ([str(number) + "th" for number in range(13)] * 2, ("text", ())),
        (["a" * 41, "b"] * 10, ("text", ())),
        (["12", "n/a"], ("text", ())),
        ([" ", ""], ("text", ())),
        ([], ("text", ())),
    ],
)
def test_the_kind_of_a_column_is_guessed(texts: list[str], guess: tuple[str, tuple[str, ...]]) -> None:
    assert guess_kind(texts) == guess


@given(
    st.lists(
        st.one_of(
            st.sampled_from(["x", "no", "Gold", "gold", "GOLD", "Straße", "STRASSE", "1", "0", "2011", "a  b"]),
            st.text(max_size=8),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_everything_in_a_column_fits_the_kind_it_is_guessed_to_be(texts: list[str]) -> None:
    kind, choices = guess_kind(texts)
    each = field(kind, choices="\n".join(choices))
    for text in texts:
        if kind != "text":
            assert bool(read_custom(each, text)) == bool(text.strip())
