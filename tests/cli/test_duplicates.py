"""`partners duplicates`: the list with its evidence, the scores of a list in a file, and pairs that are two."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from fixtures.lookalikes.make import write as write_lookalikes
from tests.cli.conftest import Partners, assert_refused

from partners_crm.services.duplicates import THRESHOLD

Write = Callable[..., Path]

DOORS = (
    "Organization,Address,City,ZIP,Phone,Contact,Contact Email\n"
    "Open Door Shelter,560 West Lake Street,Peoria,61602,312-555-0142,Dana Reyes,dana@example.org\n"
    "Open Door,560 W Lake St,Peoria,61602,,Danna Reyes,dana@example.org\n"
    "River Table,12 Water St,Peoria,61602,,,\n"
)
LIST = (
    "id,name,address,city,phone,source\n"
    "a,Quillmere Shelter,560 West Lake Street,Peoria,(309) 555-0142,x\n"
    "b,Tallowlamp Kitchen,9 Ninth St,Alton,618-555-0177,x\n"
    'c,"THE QUILLMERE SHELTER, INC.",560 W LAKE ST,PEORIA,555-0142,y\n'
    "d,Quillmere Shelter NFP,560 West Lake,Peoria,309-555-0142,y\n"
)
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "json.md"


@pytest.fixture
def doors(partners: Partners, write: Write) -> Partners:
    """The command on a coalition in which two organizations are one, and so are two contacts."""
    assert partners("import", write(DOORS)).code == 0
    return partners


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# -------------------------------------------------------------------- list


def test_the_list_names_both_and_says_why(doors: Partners) -> None:
    done = doors("duplicates", "list")
    assert (done.code, done.err) == (0, "")
    header, _, row, *words = done.out.splitlines()
    assert header.split() == ["score", "id1", "name1", "id2", "name2", "evidence"]
    assert re.match(r" *0\.9\d  +1  Open Door Shelter +2  Open Door  +", row)
    assert "same street address" in row
    assert words == [
        "1 pair of 3 organizations may be one and the same",
        "look at a pair: partners duplicates merge KEEP LOSE --dry-run",
    ]
    contacts = doors("duplicates", "list", "--entity", "contacts")
    assert "Danna Reyes" in contacts.out
    assert "1 pair of 2 contacts may be one and the same" in contacts.out


def test_the_list_as_csv_and_json(doors: Partners) -> None:
    (row,) = table(doors("duplicates", "list", "--format", "csv").out)
    assert (row["id1"], row["name1"], row["id2"], row["name2"]) == ("1", "Open Door Shelter", "2", "Open Door")
    assert float(row["score"]) > THRESHOLD
    found = json.loads(doors("duplicates", "list", "--format", "json").out)
    assert {key: found[key] for key in ("schema_version", "entity", "threshold", "records", "found", "dismissed")} == {
        "schema_version": 1,
        "entity": "organizations",
        "threshold": 0.5,
        "records": 3,
        "found": 1,
        "dismissed": 0,
    }
    (pair,) = found["pairs"]
    assert (pair["first"], pair["second"]) == ({"id": 1, "name": "Open Door Shelter"}, {"id": 2, "name": "Open Door"})
    assert 0.5 <= pair["score"] <= 1
    assert {one["feature"] for one in pair["evidence"]} == {"name", "place"}
    weights = [abs(one["weight"]) for one in pair["evidence"]]
    assert weights == sorted(weights, reverse=True)


def test_every_key_of_the_json_is_in_the_reference(doors: Partners) -> None:
    text = PAGE.read_text("utf-8").partition("**`partners duplicates list`**")[2].partition("\n\n")[0]
    listed = json.loads(doors("duplicates", "list", "--format", "json").out)
    scored = json.loads(doors("duplicates", "score", "--format", "json").out)
    (pair,) = listed["pairs"]
    for keys in (listed, pair, pair["first"], pair["evidence"][0], scored, scored["pairs"][0]):
        for key in keys:
            assert f"`{key}`" in text, key


def test_a_lower_score_lists_more_and_a_limit_cuts(doors: Partners) -> None:
    def listed(*words: str) -> int:
        return len(table(doors("duplicates", "list", "--format", "csv", *words).out))

    assert listed("--min-score", "0") >= listed() == 1
    assert listed("--min-score", "1") == 0
    assert listed("--limit", "0") == 0
    cut = json.loads(doors("duplicates", "list", "--format", "json", "--limit", "0").out)
    assert (cut["found"], cut["pairs"]) == (1, [])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--min-score", "2"), "--min-score: '2.0' does not lie between 0 and 1"),
        (("--min-score", "-0.1"), "--min-score: '-0.1' does not lie between 0 and 1"),
        (("--limit", "-1"), "--limit: '-1' is less than 0"),
        (("--entity", "sites"), "sites"),
        (("--min-score", "much"), "much"),
    ],
)
def test_what_cannot_be_listed_is_refused(doors: Partners, words: tuple[str, ...], said: str) -> None:
    done = doors("duplicates", "list", *words)
    assert_refused(done, 2)
    assert said in done.err


# -------------------------------------------------------------------- score


def test_the_scores_of_a_list_are_printed_or_written(partners: Partners, write: Write, tmp_path: Path) -> None:
    path, out = write(LIST, "list.csv"), tmp_path / "pairs.csv"
    printed = partners("duplicates", "score", "--csv", path)
    assert printed.code == 0
    assert re.fullmatch(
        r"4 organizations compared in \d+ pairs, by name, address, city, phone; left out: source\n", printed.err
    )
    rows = table(printed.out)
    assert {(row["id1"], row["id2"]) for row in rows if float(row["score"]) >= THRESHOLD} == {
        *(("a", "c"), ("a", "d"), ("c", "d"))
    }
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    written = partners("duplicates", "score", "--csv", path, "--out", out)
    assert (written.code, written.out) == (0, "")
    assert out.read_text("utf-8").startswith("id1,id2,score\n")
    assert table(out.read_text("utf-8")) == rows
    as_json = json.loads(partners("duplicates", "score", "--csv", path, "--format", "json").out)
    assert [(each["id1"], each["id2"], f"{each['score']:.5f}") for each in as_json["pairs"]] == [
        tuple(row.values()) for row in rows
    ]


def test_a_list_needs_no_coalition(bare: Partners, write: Write, home: Path) -> None:
    done = bare("duplicates", "score", "--csv", write(LIST, "list.csv"))
    assert done.code == 0
    assert list(home.rglob("*.db")) == []


def test_a_file_is_replaced_only_by_force(partners: Partners, write: Write) -> None:
    path, out = write(LIST, "list.csv"), write("mine\n", "pairs.csv")
    refused = partners("duplicates", "score", "--csv", path, "--out", out)
    assert refused.code == 2
    assert "pairs.csv is there already" in refused.err
    assert out.read_text("utf-8") == "mine\n"
    assert partners("duplicates", "score", "--csv", path, "--out", out, "--force").code == 0
    assert len(table(out.read_text("utf-8"))) >= 3


def test_ids_that_look_like_formulas_are_written_so_that_no_spreadsheet_runs_them(
    partners: Partners, write: Write, tmp_path: Path
) -> None:
    text = LIST.replace("\na,", "\n=1+1,")
    path, out = write(text, "list.csv"), tmp_path / "pairs.csv"
    assert partners("duplicates", "score", "--csv", path, "--out", out).code == 0
    cells = {cell for row in table(out.read_text("utf-8")) for cell in (row["id1"], row["id2"])}
    assert "=1+1" not in cells
    assert any(cell.endswith("=1+1") for cell in cells)


def test_two_lists_in_one_file_are_compared_with_each_other_alone(partners: Partners, write: Write) -> None:
    path = write(LIST, "list.csv")
    rows = table(partners("duplicates", "score", "--csv", path, "--across", "Source").out)
    assert {(row["id1"], row["id2"]) for row in rows if float(row["score"]) >= THRESHOLD} == {("a", "c"), ("a", "d")}
    refused = partners("duplicates", "score", "--csv", path, "--across", "colour")
    assert_refused(refused, 2, "list.csv has no column colour")
    assert "id, name, address" in refused.err


def test_what_the_list_is_of_may_be_said(partners: Partners, write: Write) -> None:
    path = write('id,name,zip\n1,Zoe Quincegrove,60612\n2,"Quincegrove, Zoe",60612\n3,Milo Barleybank,62002\n', "x.csv")
    done = partners("duplicates", "score", "--csv", path, "--of", "people")
    assert done.err.startswith("3 people compared in ")
    assert [(row["id1"], row["id2"]) for row in table(done.out)] == [("1", "2")]
    assert partners("duplicates", "score", "--csv", path).err.startswith("3 organizations compared in ")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("empty.csv", "", ("empty.csv",)),
        ("binary.csv", "\0\1\2", ("binary.csv",)),
        ("phones.csv", "id,phone\n1,312-555-0142\n", ("phones.csv has no column with names", "call one of them name")),
        ("list.xlsx", "no workbook", ("list.xlsx",)),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_one_line(
    partners: Partners, write: Write, name: str, text: str, words: tuple[str, ...]
) -> None:
    done = partners("duplicates", "score", "--csv", write(text, name))
    assert_refused(done, 3)
    for each in words:
        assert each in done.err


def test_what_cannot_be_scored_is_refused(partners: Partners, write: Write, tmp_path: Path) -> None:
    assert_refused(partners("duplicates", "score", "--csv", tmp_path / "none.csv"), 3)
    assert_refused(partners("duplicates", "score", "--csv", "https://example.org/list.csv"), 2)
    for words in (("--of", "people"), ("--across", "source")):
        done = partners("duplicates", "score", *words)
        assert_refused(done, 2)
        assert "--csv FILE" in done.err
    assert_refused(partners("duplicates", "score", "--csv", write(LIST, "list.csv"), "--of", "sites"), 2)
    url = partners("duplicates", "score", "--csv", write(LIST, "list.csv"), "--out", "https://example.org/pairs.csv")
    assert url.code == 2
    assert "is a URL" in url.err


def test_the_coalition_is_scored_without_a_file(doors: Partners, tmp_path: Path) -> None:
    done = doors("duplicates", "score")
    assert (done.code, done.err) == (0, "3 organizations compared\n")
    assert ("1", "2") in {(row["id1"], row["id2"]) for row in table(done.out) if float(row["score"]) >= THRESHOLD}
    out = tmp_path / "pairs.csv"
    assert doors("duplicates", "score", "--out", out).code == 0
    assert table(out.read_text("utf-8")) == table(done.out)


def test_a_long_list_is_written_whole(partners: Partners, tmp_path: Path) -> None:
    made = write_lookalikes(tmp_path / "made", 7, 200)
    out = tmp_path / "pairs.csv"
    assert partners("duplicates", "score", "--csv", tmp_path / "made" / "records.csv", "--out", out).code == 0
    called = {(row["id1"], row["id2"]) for row in table(out.read_text("utf-8")) if float(row["score"]) >= THRESHOLD}
    found = {(min(pair), max(pair)) for pair in called}
    assert len(found & made.truth) >= 0.9 * len(made.truth)


# -------------------------------------------------------------------- dismiss


def test_a_dismissed_pair_is_left_out_and_counted_until_it_is_taken_back(doors: Partners) -> None:
    done = doors("duplicates", "dismiss", "Open Door Shelter", "2", "--reason", "two leases")
    assert (done.code, done.err) == (0, "")
    assert done.out == "Open Door Shelter and Open Door are two: they are never proposed again\n"
    listed = doors("duplicates", "list")
    assert "0 pairs of 3 organizations" in listed.out
    assert "partners list distinct_pairs" in listed.out
    assert json.loads(doors("duplicates", "list", "--format", "json").out)["dismissed"] == 1
    assert table(doors("duplicates", "score").out) == []
    assert "two leases" in doors("list", "distinct_pairs").out
    back = doors("duplicates", "dismiss", "2", "1", "--take-back")
    assert (back.code, back.out) == (0, "Open Door and Open Door Shelter may be proposed again\n")
    assert "1 pair of 3 organizations" in doors("duplicates", "list").out


def test_dismissing_is_undone_like_everything(doors: Partners, database: Path) -> None:
    assert doors("duplicates", "dismiss", "1", "2", "--entity", "contacts").code == 0
    assert "0 pairs of 2 contacts" in doors("duplicates", "list", "--entity", "contacts").out
    assert "1 pair of 3 organizations" in doors("duplicates", "list").out
    assert doors("undo").code == 0
    assert "1 pair of 2 contacts" in doors("duplicates", "list", "--entity", "contacts").out
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT COUNT(*) FROM distinct_pair").fetchone() == (0,)
    connection.close()


def test_what_cannot_be_dismissed_is_refused(doors: Partners, contents: Callable[[], list[str]]) -> None:
    before = contents()
    assert_refused(doors("duplicates", "dismiss", "1", "1"), 2)
    assert_refused(doors("duplicates", "dismiss", "1", "Nobody"), 2, "there is no organization called Nobody")
    assert_refused(doors("duplicates", "dismiss", "1", "2", "--take-back"), 2, "'1 and 2' was never dismissed")
    assert_refused(doors("duplicates", "dismiss", "1"), 2)
    assert contents() == before
    assert doors("duplicates", "dismiss", "1", "2").code == 0
    assert_refused(doors("duplicates", "dismiss", "2", "1"), 2, "was dismissed already")


# -------------------------------------------------------------------- help


def test_every_verb_explains_itself(bare: Partners) -> None:
    whole = bare("duplicates", "--help")
    assert whole.code == 0
    for verb in ("list", "score", "merge", "dismiss"):
        assert verb in whole.out
        done = bare("duplicates", verb, "--help")
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith("usage: partners duplicates")
    assert_refused(bare("duplicates"), 2, "which verb")
    assert_refused(bare("duplicates", "marry"), 2, "marry")


def test_two_lists_or_the_list_itself_are_refused(partners: Partners, write: Write) -> None:
    path = write(LIST, "list.csv")
    two = partners("duplicates", "score", "--csv", path, "--csv", path)
    assert (two.code, two.err.splitlines()[0]) == (2, "partners: one list at a time")
    assert "--across" in two.err
    itself = partners("duplicates", "score", "--csv", path, "--out", path, "--force")
    assert itself.code == 2
    assert "is the list itself" in itself.err
    assert Path(path).read_text(encoding="utf-8") == LIST
    assert partners("duplicates", "score", "--csv", path, "--out", "new.csv", "--format", "json").code == 2


def test_people_are_no_organizations(partners: Partners, write: Write) -> None:
    people = write("id,first name,last name\n1,Dana,Reyes\n", "people.csv")
    assert partners("duplicates", "score", "--csv", people, "--of", "organizations").code == 3
