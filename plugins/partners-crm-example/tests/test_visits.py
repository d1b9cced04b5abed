"""What the plugin is about: who was visited when, who was not, cards, and points of a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from partners_crm.errors import ConfigError, FileRefused, NotFound, PartnersError, QueryError
from partners_crm.plugins import Address, InputFile, PluginContext, ReadOptions, Row, blocks
from partners_crm_example import action, check, column, command, geocoder, importer, query_field, report, tab, view
from partners_crm_example.visits import ENTITY, visits


@pytest.fixture
def members(plugin_context: PluginContext) -> dict[str, int]:
    """Four members by their first names, and when they were visited: today is 24 November 2026."""
    days = {
        "Amber": ("2026-11-02", "2024-01-15"),
        "Brook": ("2025-11",),  # it may have been less than a year ago, or more
        "Clover": ("2019",),
        "Dune": (),
    }
    found = {}
    with plugin_context.changes("a story") as changes:
        for name, some in days.items():
            body = changes.add("organization", name=f"{name} House")
            changes.add("membership", organization=body.id, status="active", since="2010")
            for day in some:
                changes.add(ENTITY, organization=body.id, day=day, note=f"saw {name}")
            found[name] = body.id
    return found


def test_a_check_tells_proven_from_possible(plugin_context: PluginContext, members: dict[str, int]) -> None:
    answer = check.run(plugin_context, {"within": "365"})
    assert answer.verdict == "findings"
    assert [each.key for each in answer.findings] == [f"organization {members[name]}" for name in ("Clover", "Dune")]
    assert [each.key for each in answer.doubts] == [f"organization {members['Brook']}"]
    assert answer.statement == "Every member was visited in the 365 days before 2026-11-24."
    assert check.run(plugin_context, {"within": "9" * 9}).findings[0].text == "Dune House: never visited"
    assert len(check.run(plugin_context, {"within": "21"}).findings) == 4
    assert len(check.run(plugin_context, {"within": "22"}).findings) == 3


def test_a_report_counts_by_month_and_by_year(plugin_context: PluginContext, members: dict[str, int]) -> None:
    (sheet,) = report.run(plugin_context, {"by": "year"}).sheets
    assert sheet.rows == (("2019", 1, 1), ("2024", 1, 1), ("2025", 1, 1), ("2026", 1, 1))
    (sheet,) = report.run(plugin_context, {"by": "month"}).sheets
    assert [row[0] for row in sheet.rows] == ["2019", "2024-01", "2025-11", "2026-11"]
    assert sheet.note == f"{len(members)} visits, as of 2026-11-24."


def test_the_command_lists_the_latest_first(plugin_context: PluginContext, members: dict[str, int]) -> None:
    (sheet,) = command.list_visits(plugin_context, {"organization": "Amber House"}).sheets
    assert [(row[1], row[2]) for row in sheet.rows] == [("2026-11-02", "Amber House"), ("2024-01-15", "Amber House")]
    command.add_visit(plugin_context, {"organization": str(members["Dune"]), "day": "", "note": "at last"})
    assert visits(plugin_context)[0][1:] == (members["Dune"], "2026-11-24", "at last")
    with pytest.raises(NotFound):
        command.list_visits(plugin_context, {"organization": "Nobody"})


def test_the_word_finds_by_day_and_by_none(plugin_context: PluginContext, members: dict[str, int]) -> None:
    assert set(query_field.find(plugin_context, "no")) == {members["Dune"]}
    assert set(query_field.find(plugin_context, "yes")) == set(members.values()) - {members["Dune"]}
    assert set(query_field.find(plugin_context, "2025")) == {members["Brook"]}
    assert set(query_field.find(plugin_context, "2026-11-02")) == {members["Amber"]}
    assert list(query_field.values(plugin_context)) == ["yes", "no", "2026", "2025", "2024", "2019"]
    with pytest.raises(QueryError, match="neither yes, no nor a date"):
        query_field.find(plugin_context, "lately")


def test_what_is_shown_of_visits(plugin_context: PluginContext, members: dict[str, int]) -> None:
    (shown,) = view.drawn(plugin_context, {"show": "waiting"})
    assert isinstance(shown, blocks.Table)
    assert [row.cells for row in shown.rows] == [
        ("Dune House", "never"),
        ("Clover House", "2019"),
        ("Brook House", "2025-11"),
        ("Amber House", "2026-11-02"),
    ]
    amber, dune = (plugin_context.record("organization", members[name]) for name in ("Amber", "Dune"))
    (timeline,) = tab.drawn(plugin_context, amber)
    assert isinstance(timeline, blocks.Timeline)
    assert [event.day for event in timeline.events] == ["2026-11-02", "2024-01-15"]
    assert tab.drawn(plugin_context, dune) == []
    wanted = {members["Amber"]: "2026-11-02", members["Clover"]: "2019"}
    assert column.values(plugin_context, (members["Amber"], members["Clover"], members["Dune"])) == wanted


def test_an_action_notes_a_visit_to_each(plugin_context: PluginContext, members: dict[str, int]) -> None:
    refs = tuple(blocks.Ref("organization", members[name]) for name in ("Clover", "Dune"))
    said = action.run(plugin_context, refs, {"day": "2026-11-20", "note": ""})
    assert said.text == "noted 2 visits"
    assert set(query_field.find(plugin_context, "2026-11-20")) == {members["Clover"], members["Dune"]}


# -------------------------------------------------------------------- cards


def read(context: PluginContext, path: Path, text: str) -> tuple[tuple[str, ...] | None, list[Row]]:
    path.write_text(text, "utf-8")
    reading = importer.read(context, InputFile(path), ReadOptions(), lambda _header: False, None)
    return reading.headers, list(reading.records())


def test_cards_are_rows_with_the_line_on_which_they_begin(plugin_context: PluginContext, tmp_path: Path) -> None:
    text = "# cards\n\nOrganization = A\nNote = one\n  two\n\n\nCity = B = C\nOrganization = D\n"
    headers, rows = read(plugin_context, tmp_path / "some.cards", text)
    assert headers == ("Organization", "Note", "City")
    assert rows == [Row(3, ("A", "one\ntwo", "")), Row(8, ("D", "", "B = C"))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# cards\nOrganization\n", ":2: is no line of a card"),
        ("# cards\n  goes on with nothing\n", ":2: is no line of a card"),
        ("# cards\nA = 1\nA = 2\n", ":3: 'A' stands twice"),
        ("# cards\n\n\n", "has no card"),
    ],
)
def test_a_fault_of_a_card_is_told_with_its_line(
    text: str, words: str, plugin_context: PluginContext, tmp_path: Path
) -> None:
    with pytest.raises(FileRefused, match=words):
        read(plugin_context, tmp_path / "some.cards", text)


# -------------------------------------------------------------------- points of a file


def test_points_are_found_whatever_the_case_and_twins_are_not(plugin_context: PluginContext, tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text(
        "street,city,zip,latitude,longitude\n"
        "22 Madeup  Street,Springfield,62701,39.8,-89.6\n"
        "1 Twin Street,Peoria,61602,40.69,-89.59\n1 Twin Street,Peoria,61602,40.70,-89.60\n",
        "utf-8",
    )
    context = replace(plugin_context, settings={"gazetteer": str(path)})
    asked = [
        Address("1", "22 MADEUP STREET", " springfield", "IL", "62701-1234"),
        Address("2", "1 Twin Street", "Peoria", "IL", "61602"),
        Address("3", "22 Madeup Street", "Peoria", "IL", "61602"),
    ]
    first, second, third = geocoder.find(context, asked)
    assert first is not None
    assert (first.latitude, first.longitude) == (39.8, -89.6)
    assert second is None
    assert third is None


@pytest.mark.parametrize(
    "data",
    [b"", b"street,city\n", b"street,city,zip,latitude,longitude\n1 A St,B,60601,north,west\n", b"\xff\xfe\x00", None],
)
def test_a_file_of_points_that_is_none_is_refused(
    data: bytes | None, plugin_context: PluginContext, tmp_path: Path
) -> None:
    path = tmp_path / "points.csv"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(FileRefused, match=r"points\.csv"):
        geocoder.find(replace(plugin_context, settings={"gazetteer": str(path)}), [])


def test_without_a_file_it_says_what_to_set(plugin_context: PluginContext) -> None:
    with pytest.raises(ConfigError, match="no gazetteer is set") as caught:
        geocoder.find(replace(plugin_context, settings={"gazetteer": ""}), [])
    assert isinstance(caught.value, PartnersError)
