"""`partners searches`, and what `partners list` says of a query."""

from __future__ import annotations

import csv
import io
import json

import pytest
from tests.cli.conftest import Partners, assert_refused


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_a_query_is_explained_on_stderr(members: Partners) -> None:
    plain = members("list", "organizations", "silo:housing", "OR", "-city:peoria", "--format", "csv")
    told = members("list", "organizations", "silo:housing", "OR", "-city:peoria", "--format", "csv", "--explain")
    assert told.out == plain.out
    assert told.err == "organizations either in the silo Housing or without a site whose city contains “peoria”\n"
    assert [row[1] for row in rows(told.out)[1:]] == ["Near West Homes", "Quiet House"]


def test_the_words_of_a_query_keep_their_order(members: Partners) -> None:
    def names(*words: str) -> list[str]:
        return [row[1] for row in rows(members("list", "organizations", *words, "--format", "csv").out)[1:]]

    assert names("-silo:housing", "OR", "city:chicago") == ["Near West Homes", "Quiet House", "River Table"]
    assert names("--columns", "name", "-(silo:housing", "OR", "silo:aging)") == ["Quiet House"]
    assert names("--sort", "name", "city:chicago", "--reverse", "OR", "city:peoria") == [
        "River Table",
        "Near West Homes",
    ]


@pytest.mark.parametrize(
    ("words", "listed", "reason"),
    [
        (["silo:housing", "reyes"], True, ["reyes", "yes", "contact: Dana Reyes"]),
        (["silo:aging"], False, ["silo:aging", "no", "Housing 100 %"]),
        (["-tag:lobby"], False, ["-tag:lobby", "no", "lobby day"]),
    ],
)
def test_why_a_record_is_in_a_list(members: Partners, words: list[str], listed: bool, reason: list[str]) -> None:
    command = ["list", "organizations", *words, "--why", "Near West Homes"]
    table = members(*command)
    assert table.code == 0
    assert table.out.splitlines()[-1].startswith(f"Near West Homes is {'' if listed else 'not '}in the list of org")
    assert [cell.lstrip("'") for cell in rows(members(*command, "--format", "csv").out)[-1]] == reason
    found = json.loads(members(*command, "--format", "json").out)
    assert (found["listed"], found["title"], found["schema_version"]) == (listed, "Near West Homes", 1)
    assert found["reasons"][-1] == {"term": reason[0], "holds": reason[1] == "yes", "evidence": reason[2]}
    assert_refused(members("list", "organizations", *words, "--why", "Nobody"), 2, "Nobody")


def test_a_saved_search_from_its_saving_to_its_end(members: Partners) -> None:
    saved = members(
        "searches", "save", "Housing folks", "organizations", "silo:housing", "OR", "-city:peoria", "--sort", "-name"
    )
    assert (saved.code, saved.out) == (0, "saved search Housing folks\n")
    assert_refused(members("searches", "save", "Housing folks", "organizations"), 2, "is taken by saved_search 1")
    assert_refused(members("searches", "save", "Bad", "organizations", "tag:nope"), 2, "there is no tag called nope")
    assert (
        members("searches", "save", "Chain", "organization", 'saved:"Housing folks"', "reyes", "--note", "x").code == 0
    )
    assert "2 saved searches" in members("searches", "list").out
    assert [row[0] for row in rows(members("searches", "list", "--format", "csv").out)] == [
        "name",
        "Chain",
        "Housing folks",
    ]
    shown = json.loads(members("searches", "show", "housing folks", "--format", "json").out)
    assert (shown["count"], shown["query"]) == (2, "silo:housing OR -city:peoria")
    assert shown["sentence"].startswith("organizations either in the silo Housing or without")
    assert "Records    1" in members("searches", "show", "Chain").out

    def names(*words: str) -> list[str]:
        return [row[1] for row in rows(members("list", *words, "--format", "csv").out)[1:]]

    assert names("--saved", "Housing folks") == ["Quiet House", "Near West Homes"]
    assert names("--saved", "Housing folks", "--reverse") == ["Near West Homes", "Quiet House"]
    assert names("--saved", "housing folks", "-silo:housing") == ["Quiet House"]
    assert names("organizations", "--saved", "Housing folks", "near") == ["Near West Homes"]
    assert names("organizations", "saved:chain") == ["Near West Homes"]
    assert_refused(members("list", "contacts", "--saved", "Chain"), 2, "lists organizations, not contacts")
    assert_refused(members("list", "--saved", "None"), 2, "there is no saved search called None")

    renamed = members("searches", "rename", "Housing folks", "Homes")
    assert (renamed.code, renamed.out) == (0, "renamed search Homes\n")
    assert "Chain names it, and no longer runs" in renamed.err
    checked = members("searches", "check")
    assert checked.code == 1
    assert "1 of 2 saved searches run" in checked.out
    assert_refused(members("list", "--saved", "Chain"), 2, "the saved search Chain no longer runs", "Housing folks")
    assert [row[1] for row in rows(members("searches", "check", "--format", "csv").out)] == ["runs", "no", "yes"]
    assert members("undo").code == 0
    assert members("searches", "check").code == 0
    assert members("searches", "delete", "Chain").code == 0
    assert members("undo").code == 0
    found = json.loads(members("searches", "check", "--format", "json").out)
    assert [(each["name"], each["runs"], each["problem"]) for each in found["searches"]] == [
        ("Chain", True, ""),
        ("Housing folks", True, ""),
    ]


def test_a_list_without_an_entity_is_a_usage_error(members: Partners) -> None:
    assert_refused(members("list", "--explain"), 2, "partners list: ", "entity")
