"""The programs of docs/how-to/scripts that use the library: what they join, write, mark and draw.

As cron does: LANG=C, an empty home, nothing to read from, no terminal.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from partners_crm.crm import Crm
from partners_crm.model import Contact, ContactPoint, Identifier, Membership, Organization, Site
from partners_crm.services import records
from partners_crm.store.work import Changes
from tests.docs.unattended import (
    Run,
    change,
    make_people,
    operations,
    rows_of,
)

# -------------------------------------------------------------------- joining and mailing


def test_members_without_grants_adds_up(run: Run, coalition: Path, tmp_path: Path) -> None:
    def number(crm: Crm, changes: Changes) -> None:
        for name, value in (("Rock River Family Bridge", "12-3456789"), ("Fox Valley Child Circle", "98 7654321")):
            records.add(changes, Identifier, organization=crm.find(Organization, name).id, system="ein", value=value)
        shelter = crm.find(Organization, "Lantern Street Shelter")
        records.edit(changes, shelter, name='=cmd|"/C calc"!A0')

    change(coalition, number)
    grants = (
        '\ufeffAward;x,"Federal\nEIN",Amount',
        '1,123456789,"5,000"',
        "2,12-3456789,1",
        "3,55-5555555,1",
        "4,12345,1",
    )
    (tmp_path / "grants.csv").write_bytes("\r\n".join([*grants, ",,", ""]).encode("utf-8"))
    for _ in range(2):
        done = run("members_without_grants.py", "grants.csv", "--out", "without.csv")
        assert (done.code, done.err) == (1, "")
        lines = done.out.splitlines()
        assert lines[0] == "grants 4 = 2 to members + 1 to others + 1 without an EIN"
        assert lines[1] == "members 7 = 1 with + 2 without + 4 of unknown EIN"
        silos = {line[:36].strip(): line[36:].split() for line in lines[3:12]}
        assert silos["Child welfare"] == ["1", "0"]
        assert silos["Child development"] == ["1", "1"]
        assert silos["Housing"] == ["1", "1"]
        assert "67" not in lines[12].split(": ")[1].split(", ")
        assert "10" in lines[12].split(": ")[1].split(", ")
        written = rows_of(tmp_path / "without.csv")
        why = {row["organization"]: row["why"] for row in written}
        assert len(written) == 6
        assert why["Fox Valley Child Circle"] == why["""'=cmd|"/C calc"!A0"""] == "no grant"
        assert why["友邻之家"] == "no EIN known"
        assert next(row for row in written if row["organization"] == "友邻之家")["house"] == "24"
    assert (tmp_path / "without.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content", [b"Award,Amount\n1,2\n", b"EIN,FEIN\n1,2\n", b"", b"EIN\n\xff\xfe\n", b'EIN\n"1\n', b"EIN\n1\x00\n"]
)
def test_members_without_grants_refuses_a_file_that_is_none(run: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "grants.csv").write_bytes(content)
    done = run("members_without_grants.py", "grants.csv")
    if content == b"EIN\n1\x00\n" and done.code == 1:
        assert "1 without an EIN" in done.out  # newer versions of Python read the zero byte as a letter
        return
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("grants.csv cannot be read: ")


def test_mail_merge_writes_whom_it_may(run: Run, coalition: Path, tmp_path: Path) -> None:
    change(coalition, make_people)
    assert run("partners", "seats", "set", "house", "10", "--holder", "Ann Example").code == 0
    (tmp_path / "committee.txt").write_text("house:10\nhouse:10\nsenate:5\n", "utf-8")
    for _ in range(2):
        done = run("mail_merge.py", "week.csv", "@committee.txt")
        assert (done.code, done.err) == (0, "")
        first, second = done.out.splitlines()
        assert first == "week.csv: 1 members in the districts"
        counts = {word: int(number) for number, word in re.findall(r"(\d+) ([a-z][a-z ]+[a-z])", second)}
        assert second.startswith(f"people {sum(counts.values())} = ")
        assert counts == {
            "written": 3,  # with the demo's own director
            "do not contact": 1,
            "unsubscribed": 1,
            "no address in use": 2,
            "shares an address that is written": 1,
        }
        written = {row["email"]: row for row in rows_of(tmp_path / "week.csv")}
        assert set(written) == {"ada@example.org", "BEA@example.org", "wren.applegrove@example.org"}
        assert written["BEA@example.org"]["name"] == "'=Bea Best"
        assert written["ada@example.org"] == {
            "email": "ada@example.org",
            "given_name": "Ada",
            "name": "Ada Able",
            "title": "Director",
            "organization": "Lantern Street Shelter",
            "districts": "House 10; Senate 5",
            "lawmakers": "Ann Example",
        }
    assert (tmp_path / "week.csv").stat().st_mode & 0o777 == 0o600


def test_mail_merge_knows_certain_from_possible(run: Run, tmp_path: Path) -> None:
    done = run("mail_merge.py", "week.csv", "house:50")
    assert (done.code, done.out) == (1, "week.csv: 0 members in the districts\npeople 0 = 0 written\n")
    assert rows_of(tmp_path / "week.csv") == []
    assert run("mail_merge.py", "week.csv", "house:50", "--possible").code == 0
    assert [row["name"] for row in rows_of(tmp_path / "week.csv")] == ["Cosmo Larkhavener"]
    for wrong in ("house:999", "house:0", "house", "commons:1"):
        done = run("mail_merge.py", "other.csv", wrong)
        assert done.code == 2
        assert not (tmp_path / "other.csv").exists()


def test_take_unsubscribes_marks_once_and_is_taken_back(run: Run, coalition: Path, tmp_path: Path) -> None:
    change(coalition, make_people)
    before = operations(coalition)
    text = '"Email Address","Unsubscribe Date"\n"ADA@example.org","2026-11-01"\n"nobody@example.org",""\n\n'
    (tmp_path / "unsubscribed.csv").write_text(f"\ufeff{text}", "utf-8")
    (tmp_path / "bounced.csv").write_text("Subscriber\nbea@example.org\n", "utf-8")
    words = ["unsubscribed.csv", "--bounced", "bounced.csv"]
    done = run("take_unsubscribes.py", *words, "--dry-run")
    assert done.out.startswith("addresses 3 = 2 to be marked + 0 marked before + 1 of nobody\n")
    assert operations(coalition) == before

    done = run("take_unsubscribes.py", *words)
    assert (done.code, done.err) == (1, "")
    assert done.out == "addresses 3 = 2 newly marked + 0 marked before + 1 of nobody\nnobody has nobody@example.org\n"
    assert operations(coalition) == before + 1
    with Crm.open(coalition) as crm:
        marked = [each.raw for each in crm.records(ContactPoint) if each.do_not_contact and "ada" in each.raw]
        assert marked == ["ada@example.org", "ada@example.org"]
        assert [each.raw for each in crm.records(ContactPoint, "status:bounced raw:bea")] == ["BEA@example.org"]
    done = run("mail_merge.py", "week.csv", "house:10")
    assert [row["email"] for row in rows_of(tmp_path / "week.csv")] == ["wren.applegrove@example.org"]

    again = run("take_unsubscribes.py", *words)
    assert again.out.startswith("addresses 3 = 0 newly marked + 2 marked before + 1 of nobody\n")
    assert operations(coalition) == before + 1
    assert run("partners", "undo").code == 0
    run("mail_merge.py", "week.csv", "house:10")
    assert len(rows_of(tmp_path / "week.csv")) == 3


@pytest.mark.parametrize(
    "content",
    ["Name\nAda\n", "Email,E-Mail\na@example.org,b@example.org\n", "Email\nnone\n", 'Email\n"a@example.org\n'],
)
def test_take_unsubscribes_writes_nothing_of_a_file_that_is_none(
    run: Run, coalition: Path, tmp_path: Path, content: str
) -> None:
    before = operations(coalition)
    (tmp_path / "unsubscribed.csv").write_text(content, "utf-8")
    done = run("take_unsubscribes.py", "unsubscribed.csv")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("unsubscribed.csv cannot be read: ")
    assert operations(coalition) == before


# -------------------------------------------------------------------- pages


def test_phone_tree_shares_out_every_call(run: Run, coalition: Path) -> None:
    def poison(crm: Crm, changes: Changes) -> None:
        records.edit(changes, crm.find(Organization, "Metro East Rent Watch"), name="Metro | <b>East</b>\n\x1b[31m")
        silent = crm.find(Contact, "Pell Wintergatesby")
        records.edit(changes, silent, do_not_contact=True)

    change(coalition, poison)
    told = set()
    for _ in range(2):
        done = run("phone_tree.py", "--caller", "Ann", "--caller", "Bo")
        assert (done.code, done.err) == (1, "")
        told.add(done.out)
    (text,) = told
    sections = re.split(r"^## ", text, flags=re.MULTILINE)
    assert [each.partition("\n")[0] for each in sections[1:]] == [
        "Ann: 2 calls",
        "Bo: 2 calls",
        "107 gaps that no call closes",
    ]
    assert (
        "| Fox Valley Child Circle | Cosmo Larkhavener | 630.555.0107 | confirm the address | House 50, House 83 |"
        in (sections[1])
    )
    assert r"Metro \| \<b\>East\</b\>␊" in sections[1]
    assert "| Sangamon Ability Works |  |" in sections[2]
    assert "win back | House 96 |" in sections[2]
    assert "- House 1: nearest is 友邻之家, 2.4 km away" in sections[3]
    assert "\x1b" not in text
    assert "Pell" not in text


def test_phone_tree_is_utf_8_where_nothing_else_is(run: Run) -> None:
    strict = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert run("phone_tree.py", **strict).out == run("phone_tree.py").out
    done = run("phone_tree.py", "--chamber", "senate")
    assert "Senate" in done.out
    assert not re.search(r"House \d", done.out)


def test_board_page_draws_the_figures_it_prints(run: Run, coalition: Path, tmp_path: Path) -> None:
    change(
        coalition,
        lambda crm, changes: records.edit(changes, crm.find(Organization, "友邻之家"), name="<script>x</script>"),
    )
    written = set()
    for _ in range(2):
        done = run("board_page.py", "board.html")
        assert (done.code, done.err) == (0, "")
        written.add((tmp_path / "board.html").read_bytes())
    (page,) = written
    lines = done.out.splitlines()
    assert lines[0] == "members: 7 = 0 before + 9 joined - 2 left"
    assert lines[1].startswith("5 of 118 House districts have ")
    text = page.decode("utf-8")
    assert "<h2>7 members</h2>" in text
    assert f"<p>{lines[1]}</p>" in text
    assert "<script" not in text
    assert not re.search(r"""(?:src|href)=["']?(?!#)""", text)
    growth, tiles = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    bars = [each for each in ElementTree.fromstring(growth).iter() if each.tag.endswith("rect")]
    assert len(bars) == len(re.findall(r"<tr><td>20\d\d</td>", text))
    assert len([each for each in ElementTree.fromstring(tiles).iter() if each.tag.endswith("text")]) > 118
    assert run("board_page.py", "board.html", "--since", "2015").out.startswith(
        "members: 7 = 9 before + 0 joined - 2 left"
    )
    for wrong in (["--since", "soon"], ["--since", "-1"]):
        assert run("board_page.py", "other.html", *wrong).code == 2
    assert run("board_page.py", "no/such/folder.html").code == 4


def test_changed_records_knows_records_by_their_uid(run: Run, coalition: Path, tmp_path: Path) -> None:
    assert run("partners", "export", "before.jsonl", "--all", "--with-history").code == 0
    first = operations(coalition)

    def work(crm: Crm, changes: Changes) -> None:
        records.edit(changes, crm.find(Organization, "Rock River Family Bridge"), name="Rock River\x1b[31m Bridge")
        (site, *_) = crm.records(Site)
        records.remove(changes, crm.find(Organization, "Sangamon Ability Works"))
        new = records.add(changes, Organization, name="Near West Homes", parent=site.organization)
        records.add(changes, Membership, organization=new.id, status="active")

    change(coalition, work)
    assert run("partners", "export", "after.jsonl", "--all").code == 0
    for _ in range(2):
        done = run("changed_records.py", "before.jsonl", "after.jsonl", "--since", first)
        assert (done.code, done.err) == (1, "")
        lines = done.out.splitlines()
        assert "organization: 1 added, 1 changed, 1 deleted" in lines
        assert (
            'changed  organization "Rock River␛[31m Bridge"; name: Rock River Family Bridge -> Rock River␛[31m Bridge'
            in lines
        )
        assert 'added  organization "Near West Homes"' in lines
        assert 'added  membership "Near West Homes"' in lines
        assert 'deleted  organization "Sangamon Ability Works"' in lines
        assert 'deleted  membership "Sangamon Ability Works"' in lines
        assert "1 operations since " + str(first) in lines
        assert lines[-1].endswith("made by the test")
        assert "\x1b" not in done.out
    same = run("changed_records.py", "before.jsonl", "before.jsonl")
    assert (same.code, same.out) == (0, "nothing changed\n")


def test_changed_records_refuses_what_is_no_whole_export(run: Run, tmp_path: Path) -> None:
    assert run("partners", "export", "whole.jsonl", "--all").code == 0
    whole = (tmp_path / "whole.jsonl").read_bytes()
    damaged = {
        "cut.jsonl": b"".join(whole.splitlines(keepends=True)[:-1]),
        "half.jsonl": whole[:-40],
        "list.jsonl": b"[1]\n",
        "text.jsonl": b"hello\n",
        "latin.jsonl": b"\xff\n",
        "none.jsonl": b"",
        "newer.jsonl": json.dumps({"partners_crm": "export", "schema_version": 2, "entities": {}}).encode(),
        "nothing.jsonl": b'{"partners_crm": "export", "schema_version": 1}\n',
    }
    for name, content in damaged.items():
        (tmp_path / name).write_bytes(content)
        done = run("changed_records.py", "whole.jsonl", name)
        assert (done.code, done.out) == (3, ""), name
        assert done.err.startswith(f"{name} is no export: ")
