"""What hostile data can do to an import and to the command, by the numbers of the catalogue of bad input."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cli.conftest import Contents, Partners, assert_refused
from tests.processes import command

from partners_crm.crm import Crm
from partners_crm.model import ContactPoint, Site
from partners_crm.normalize.addresses import MAX_ADDRESS, parse_address
from partners_crm.normalize.phones import parse_phone, split_phones

Write = Callable[..., Path]
ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
HOSTILE = "x\x1b]52;c;ZXZpbA==\x07\x9b2J\u202e[@click=app.quit]"
TESTS = Path(__file__).parents[1]
PLUGINS = TESTS.parent / "plugins"


def test_every_case_from_9_to_32_has_a_test_with_its_number() -> None:
    text = "\n".join(path.read_text("utf-8") for path in (*TESTS.rglob("test_*.py"), *PLUGINS.rglob("test_*.py")))
    named = {int(number) for number in re.findall(r"def test_\w*case_(\d+)", text)}
    assert set(range(9, 33)) <= named, sorted(set(range(9, 33)) - named)


def test_case_09_a_field_of_ten_megabytes_costs_its_row_and_names_the_cell(partners: Partners, write: Write) -> None:
    done = partners("import", write(f"Organization,Notes\nGood,x\nBad,{'y' * 10_000_000}\n"))
    assert done.code == 1
    assert "members.csv:3: Notes:" in done.err
    assert "is longer than 64 KB" in done.err
    assert "rows in 2 = 1 new" in done.out
    assert len(done.out) + len(done.err) < 4000


def test_case_11_a_nul_costs_its_row(partners: Partners, write: Write) -> None:
    done = partners("import", write("Organization,Notes\nGood,x\nBad,a\0b\n"))
    assert done.code == 1
    assert "holds a NUL character" in done.err


@pytest.mark.parametrize(
    "words", [["list", HOSTILE], [HOSTILE], ["show", "organization", HOSTILE], ["import", HOSTILE]]
)
def test_case_13_hostile_words_of_an_error_act_on_nothing(database: Path, words: list[str]) -> None:
    done = command(database, *words)
    assert done.code in {1, 2, 3}
    said = done.out + done.err
    assert said
    assert not ACTING.search(said)


def test_case_15_the_log_of_the_database_holds_no_values(crm: Crm, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="peewee"):
        crm.organizations('"dana reyes of elm street"')
        crm.contacts("email:dana@example.org")
    assert "SELECT" in caplog.text
    assert "dana" not in caplog.text


def test_case_16_a_password_in_a_url_is_not_repeated(bare: Partners) -> None:
    done = bare("list", "organizations", "--db", "postgresql://ann:s3cret@db.example.org/crm")
    assert_refused(done, 2, "postgresql://***@db.example.org/crm is a URL, not a file")
    assert "s3cret" not in done.out + done.err


CARDS = (
    pytest.param("BEGIN:VCARD\n" * 1500 + "END:VCARD\n" * 1500, id="nested"),
    pytest.param("BEGIN:VCARD\nVERSION:3.0\nNOTE:" + "x" * 5_000_000 + "\nEND:VCARD\n", id="long"),
)


@pytest.mark.parametrize("text", CARDS)
def test_case_27_a_file_of_address_cards_is_named_and_refused(
    partners: Partners, write: Write, contents: Contents, text: str
) -> None:
    before = contents()
    assert_refused(partners("import", write(text, "people.vcf")), 3, "is a file of address cards (vCard)")
    assert contents() == before


def test_case_28_a_broken_card_changes_nothing(partners: Partners, tmp_path: Path, contents: Contents) -> None:
    path, before = tmp_path / "people.vcf", contents()
    path.write_bytes(b"\xef\xbb\xbfBEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET=NOSUCH;ENCODING=BASE64:///\r\n")
    assert partners("import", path).code == 3
    assert contents() == before


def test_case_30_an_address_that_is_two_is_kept_and_flagged(crm: Crm, tmp_path: Path) -> None:
    text = "100 N Main St 200 S Oak Ave, Peoria"
    path = tmp_path / "members.csv"
    path.write_text(f'Organization,Address\nA House,"{text}"\n', "utf-8")
    assert crm.import_file(path).new == 1
    (site,) = crm.records(Site)
    assert site.address == text
    assert site.address_note == "holds more than one address, or one part twice"


@settings(max_examples=50)
@given(st.text(max_size=3).flatmap(lambda part: st.integers(0, 70_000).map(lambda times: part * times)))
def test_case_31_no_address_is_too_much(text: str) -> None:
    read = parse_address(text[:200_000])
    assert read.raw == text[:200_000]
    if len(" ".join(text.split())) > MAX_ADDRESS:
        assert not read.parsed


def test_case_31_brackets_without_end_are_not_read(crm: Crm, tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text(f"Organization,Address\nA House,{'(' * 60_000}\n", "utf-8")
    crm.import_file(path)
    assert "is longer than 500 characters" in crm.records(Site)[0].address_note


@given(st.text(max_size=300))
def test_case_32_a_phone_keeps_its_text_whatever_it_is(raw: str) -> None:
    assert parse_phone(raw).raw == raw
    kept = "".join("".join(phone.raw for phone in split_phones(raw)).split())
    assert not kept or set(kept) <= set(raw)


PHONES = (
    "call the desk",
    "3129062364.0",
    "312-555-0101 / 312-555-0102",
    "312-555-0103 ext 7",
    "000-000-0000",
    "'3125550114",
)


def test_case_32_odd_phones_are_kept_and_no_problem(crm: Crm, tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    rows = "".join(f"House {number},{phone}\n" for number, phone in enumerate(PHONES))
    path.write_text(f"Organization,Phone\n{rows}", "utf-8")
    report = crm.import_file(path)
    assert (report.new, report.rejected) == (len(PHONES), 0)
    found = {(each.raw, each.value, each.extension) for each in crm.records(ContactPoint)}
    assert found == {
        ("call the desk", "", ""),
        ("3129062364.0", "+13129062364", ""),
        ("312-555-0101", "+13125550101", ""),
        ("312-555-0102", "+13125550102", ""),
        ("312-555-0103 ext 7", "+13125550103", "7"),
        ("000-000-0000", "", ""),
        ("'3125550114", "+13125550114", ""),
    }
