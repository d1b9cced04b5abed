"""What columns mean: guessed with a reason, saved, read again, changed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.crm import Crm
from partners_crm.errors import ConfigError, FileRefused
from partners_crm.services.importing import guessing
from partners_crm.services.importing import mapping as mappings
from partners_crm.services.importing.applying import coalition_words
from partners_crm.services.importing.mapping import ColumnMapping, OwnField, Use
from partners_crm.services.importing.targets import Target, all_targets, known_names, read_target

MAIL = ("ann@example.org", "bo@example.org", "cy@example.org")
PHONES = ("312-555-0101", "(217) 555-0102", "1 618 555 0103 x4")


def meanings(headers: list[str], rows: Sequence[tuple[str, ...]] = ()) -> list[str]:
    return [use.target.text if use.target else "" for use in guessing.guess(headers, rows).uses]


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        (["Agency", "Sen Dist", "Rep Dist"], ["organization.name", "senate", "house"]),
        (["Organisation Name", "E-Mail", "Phone #"], ["organization.name", "email", "phone"]),
        (["Company", "Title", "Job Title"], ["organization.name", "", "role.title"]),
        (["Name", "Agency", "Title"], ["contact.name", "organization.name", "role.title"]),
        (["Organization", "Legal name", "DBA"], ["organization.name", "other_name.name", "other_name.name"]),
        (["Organization", "Phone 1", "Phone 2", "Phone 3"], ["organization.name", "phone", "phone", "phone"]),
        (["Account1 Name", "Contact1 Last Name", "Contact2 Last Name"],
         ["organization.name", "contact.family_name", "contact.family_name#2"]),
        (["Organization 1 - Name", "E-mail 1 - Value", "Address 1 - Postal Code"],
         ["organization.name", "email", "site.postal_code"]),
        (["Company", "Business Street", "Business City", "Business Phone"],
         ["organization.name", "site.address", "site.city", "phone"]),
        (["Organizaton name", "Adress Line 1"], ["organization.name", "site.address"]),
        (["Agency", "Street Name", "Street Type"], ["organization.name", "", ""]),
        (["Organization", "Contact", "Email", "Chair Email"], ["organization.name", "contact.name", "email", ""]),
        (["Organization", "Executive Director", "Email", "Board Chair", "Chair Email"],
         ["organization.name", "contact.name", "email", "contact.name#2", "email#2"]),
        (["Organization", "Director", "Director Email", "Email"],
         ["organization.name", "contact.name#2", "email#2", "email"]),
        (["Organization", "Program Director", "Executive Director", "Director Email"],
         ["organization.name", "", "contact.name", ""]),
        (["Organization", "Program Name", "Crisis Phone"], ["organization.name", "service_line.name", "phone"]),
        (["Name", "Phone", "Title", "Birthday"], ["contact.name", "phone", "role.title", ""]),
        (["Name", "Email", "City"], ["organization.name", "email", "site.city"]),
        (["Organization", "City/State/ZIP"], ["organization.name", "site.postal_code"]),
        (["Organization", "Unsubscribed", "Do not contact"], ["organization.name", "unsubscribed", "do_not_contact"]),
    ],
)  # fmt: skip
def test_headers_as_programs_and_people_write_them(headers: list[str], wanted: list[str]) -> None:
    assert meanings(headers) == wanted


@pytest.mark.parametrize(
    ("header", "values", "wanted"),
    [
        ("Reach them", MAIL, "email"),
        ("Nummer", PHONES, "phone"),
        ("Direct no", PHONES, "contact_phone"),
        ("Fax it", PHONES, "fax"),
        ("Link", ("www.example.org", "https://example.org/a", "http://b.example.org"), "web"),
        ("Remarks of Ann", ("fine", "late", "fine"), ""),
        ("Status", ("Subscribed", "Unsubscribed", "Cleaned"), "email_status"),
        ("Status", ("Active", "Lapsed", "Active"), "membership.status"),
    ],
)
def test_values_speak_where_the_header_does_not(header: str, values: tuple[str, ...], wanted: str) -> None:
    rows = [(f"House {number}", value) for number, value in enumerate(values)]
    assert meanings(["Organization", header], rows) == ["organization.name", wanted]


def test_an_empty_column_names_nobody() -> None:
    assert meanings(["NAME", "ORGANIZATION"], [("North House", ""), ("South House", "")])[0] == "organization.name"


def test_columns_of_marks_are_silos(crm: Crm) -> None:
    headers = ["Organization", "Aging", "Silos Child Dev.", "Silos Mental Health", "Working Families", "Housing"]
    rows = [("North House", "X", "", "✓", "yes", "12 beds"), ("South House", "", "x", "", "1", "none")]
    found = guessing.guess(headers, rows, coalition_words(crm.db))
    assert [use.target.text if use.target else "" for use in found.uses] == [
        "organization.name",
        "silo.aging",
        "silo.child_development",
        "silo.mental_health_substance_abuse",
        "silo.low_income_working_families",
        "",
    ]
    assert all(use.reason for use in found.uses)


@pytest.mark.parametrize(
    ("days", "day_first"),
    [(("7/14/2011", "3/4/2011"), False), (("14/7/2011", "3/4/2011"), True), (("3/4/2011",), False)],
)
def test_the_column_decides_how_its_dates_are_read(days: tuple[str, ...], day_first: bool) -> None:
    rows = [("North House", day) for day in days]
    assert guessing.guess(["Organization", "Member since"], rows).day_first is day_first


def test_every_known_name_is_understood_alone() -> None:
    for header, (target, _) in known_names().items():
        if target.kind != "organization" and header != "name":
            assert target.text in meanings(["Organization", header], [])[1:], header


# -------------------------------------------------------------------- the file


def test_every_target_can_be_written_and_read() -> None:
    for target in all_targets():
        assert read_target(target.text) == target
        assert target.described
    assert read_target("organization.nothing") is None
    assert read_target("no such thing") is None
    assert read_target("contact.name#2") == Target("contact", "name", 2)


headers = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30), min_size=1, max_size=8)


@given(headers, st.data())
def test_a_mapping_is_the_same_after_the_file(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], data: st.DataObject
) -> None:
    targets = [each for each in all_targets() if each.is_several] + [Target("own", "region"), Target("silo", "aging")]
    uses = tuple(Use(data.draw(st.sampled_from([None, *targets])), "guessed # here\n") for _ in names)
    uses = tuple({use.target: use for use in uses}.get(use.target, use) for use in uses)
    own: tuple[OwnField, ...] = (
        OwnField("region", 'A "quoted"\nlabel\x7f', "contact", "choice", ("a", "b\\c"), "staff"),
    )
    own = own if any(use.target and use.target.kind == "own" for use in uses) else ()
    once = [use.target for use in uses if use.target and not use.target.is_several]
    if len(set(once)) != len(once):
        return
    mapping = ColumnMapping(tuple(names), uses, own, "master list", day_first=True)
    path = mappings.save(mapping, tmp_path_factory.mktemp("m") / "members.toml")
    again = mappings.read(path, names)
    assert [use.target for use in again.uses] == [use.target for use in uses]
    assert (again.own, again.source, again.day_first, again.saved) == (own, "master list", True, path)
    assert again.digest == mapping.digest


BROKEN = (
    ("[columns", "cannot be read as a mapping"),
    ('[columns]\n"Agency" = "organization.colour"\n', "is nothing a column can mean"),
    ('[columns]\n"Agency" = "site.city"\n"Town" = "site.city"\n', "cannot both be"),
    ('columns = "all"\n', "must be a table"),
    ('source = 3\n[columns]\n"Agency" = "organization.name"\n', "source must be a name"),
    ('[columns]\n"Agency" = "own.x"\n[own.x]\nkind = "colour"\n', "kind cannot be colour"),
    ('[columns]\n"Agency" = "own.x"\n[own]\nx = 3\n', "must be a table"),
)


@pytest.mark.parametrize(("text", "reason"), BROKEN)
def test_a_broken_mapping_is_refused_with_its_reason(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "members.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=reason):
        mappings.read(path, ["Agency", "Town"])


def test_a_meaning_that_one_column_has_goes_from_the_other() -> None:
    found = guessing.guess(["Agency", "Town", "City"])
    changed = found.with_use(1, Target("site", "city"))
    assert [use.target.text if use.target else "" for use in changed.uses] == ["organization.name", "site.city", ""]
    own = changed.with_own(2, OwnField("city_2", "City"))
    assert own.own == (OwnField("city_2", "City"),)
    assert own.with_use(2, None).own == ()


# -------------------------------------------------------------------- columns that somebody names, own fields


HEADERS = ("Agency", "Coalition Board size", "Staff notes", "Board notes", "", "Agency", "AGE")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Agency", 0),
        ("agency ", 0),
        ("Agency column 6", 5),
        ("column 5", 4),
        ("Board size", 1),
        ("BOARD-SIZE", 1),
        ("size", 1),
        ("board notes", 3),
        ("age", 6),
    ],
)
def test_a_column_is_named_by_its_header_or_by_its_last_words(text: str, number: int) -> None:
    assert mappings.column_named(HEADERS, text) == number


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        ("notes", "notes may be several columns", "Staff notes, Board notes"),
        ("ize", "there is no column ize", "its columns: Agency, Coalition Board size"),
        ("Coalition Board", "there is no column Coalition Board", "Board notes"),
        ("", "there is no column", "Agency"),
        ("...", "there is no column ...", "Agency"),
    ],
)
def test_a_column_that_nobody_can_tell_is_refused_with_what_there_is(text: str, words: str, hint: str) -> None:
    with pytest.raises(FileRefused) as caught:
        mappings.column_named(HEADERS, text)
    assert caught.value.message.startswith(words)
    assert hint in caught.value.hint


def test_an_own_field_that_nobody_defined_is_named() -> None:
    uses = (*(Use(Target("own", key), "") for key in ("colour", "dues", "size")), Use(None, ""))
    dues = OwnField("dues", "Yearly dues", kind="number")
    mapping = ColumnMapping(("A", "B", "C", "D"), uses, (dues, OwnField("left", "Left over")))
    assert mapping.undefined(frozenset()) == ("colour", "size")
    assert mapping.undefined({"size"}) == ("colour",)
    there = {"colour": OwnField("colour", "Colour"), "dues": OwnField("dues", "Dues, old"), "x": OwnField("x", "X")}
    assert mapping.defined(there).own == (there["colour"], there["dues"])
    assert mapping.defined({}).own == (dues,)


def test_a_mapping_that_cannot_be_had_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"^there is no mapping {tmp_path}/none.toml"):
        mappings.read(tmp_path / "none.toml", ["Agency"])
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        mappings.read(tmp_path, ["Agency"])


def test_a_mapping_is_known_from_other_files(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    for text, wanted in (
        ('[columns]\nAgency = "organization.name"\n', True),
        ("[columns]\n", True),
        ("[columns]\nAgency = 3\n", False),
        ("columns = 3\n", False),
        ("[tool]\nname = 'x'\n", False),
        ("", False),
        ("Organization,City\n", False),
    ):
        path.write_text(text, "utf-8")
        assert mappings.reads_as_mapping(path) is wanted, text
    assert not mappings.reads_as_mapping(tmp_path / "none.toml")
