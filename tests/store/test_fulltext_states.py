"""Full-text search over other coalitions, earlier states and releases; what the doctor asks; hostile texts."""

from __future__ import annotations

import gzip
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from tests.conftest import NOW
from tests.searched import SEARCHED
from tests.store.indexes import add, edit, ids, index_of, is_right, scanned

from partners_crm.crm import Crm
from partners_crm.model import (
    Organization,
    Site,
    Tag,
)
from partners_crm.normalize.text import fold
from partners_crm.services import records
from partners_crm.services.backups import restore
from partners_crm.services.importing.whole import load_whole
from partners_crm.services.recovering import recover
from partners_crm.store import files, fulltext, health, indexed
from partners_crm.store.fulltext import SUFFIX, astray, catch_up, found_first, spelled_like
from partners_crm.store.read import by_id

RELEASED = sorted((Path(__file__).parent / "released").glob("schema-*.db.gz"))
WORDS = ("oak", "hill", "o'connor", "smith-jones", "łódź", "center", "oakland")


# -------------------------------------------------------------------- another coalition, or another state of it


def test_the_index_of_another_coalition_is_not_taken_for_its_own(crm: Crm, tmp_path: Path) -> None:
    key = add(crm, name="Oak House")
    with Crm.create(tmp_path / "other.db", "Other", clock=lambda: NOW) as other:
        add(other, name="Elm House")
        assert len(ids(other.db, "elm")) == 1
        shutil.copyfile(index_of(other), index_of(crm))
    assert (ids(crm.db, "oak"), ids(crm.db, "elm")) == ([key], [])
    assert is_right(crm)


def test_after_a_restore_the_index_is_that_of_the_backup(crm: Crm) -> None:
    key = add(crm, name="Oak House")
    made = crm.back_up().path
    edit(crm, Organization, key, name="Elm House")
    assert ids(crm.db, "elm") == [key]
    path = crm.path
    crm.close()
    restore(path, made, clock=lambda: NOW)
    with Crm.open(path, clock=lambda: NOW) as back:
        assert (ids(back.db, "oak"), ids(back.db, "elm")) == ([key], [])
        assert is_right(back)


def test_after_a_restore_that_goes_on_before_anybody_asks_the_index_is_made_anew(crm: Crm) -> None:
    key = add(crm, name="Oak House")
    made = crm.back_up().path
    for name in ("Elm House", "Ash House"):
        edit(crm, Organization, key, name=name)
    assert ids(crm.db, "ash") == [key]
    path = crm.path
    crm.close()
    restore(path, made, clock=lambda: NOW)
    with Crm.open(path, clock=lambda: NOW) as back:
        for name in ("Fir House", "Yew House", "Box House"):
            edit(back, Organization, key, name=name)
        assert (ids(back.db, "ash"), ids(back.db, "box"), ids(back.db, "oak")) == ([], [key], [])
        assert is_right(back)


def test_a_recovered_coalition_has_an_index_of_its_own(crm: Crm, tmp_path: Path) -> None:
    key = add(crm, name="Oak House")
    assert ids(crm.db, "oak") == [key]
    path, into = crm.path, tmp_path / "recovered.db"
    crm.close()
    recover(path, into, clock=lambda: NOW)
    shutil.copyfile(files.side(path, SUFFIX), files.side(into, SUFFIX))
    with Crm.open(into, clock=lambda: NOW) as back:
        assert ids(back.db, "oak") == [key]
        other = add(back, name="Oak Hall")
        assert ids(back.db, "oak") == [key, other]
        assert is_right(back)


def test_what_was_loaded_whole_is_found(crm: Crm, tmp_path: Path) -> None:
    key = add(crm, name="Oak House")
    add(crm, Site, organization=key, address="12 Elm St", city="Alton")
    crm.export_all(tmp_path / "all.jsonl")
    with Crm.create(tmp_path / "other.db", "Other", clock=lambda: NOW) as other:
        assert ids(other.db, "oak") == []
        load_whole(other.db, tmp_path / "all.jsonl", clock=lambda: NOW)
        assert len(ids(other.db, "oak")) == len(ids(other.db, "elm", Site)) == 1
        assert is_right(other)


@pytest.mark.parametrize("packed", RELEASED, ids=[path.name for path in RELEASED])
def test_a_coalition_of_each_released_schema_is_searched(packed: Path, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    path.chmod(0o600)
    with Crm.open(path, clock=lambda: NOW) as old:
        name = next(each.name for each in old.records(Organization))
        assert ids(old.db, name)
        assert is_right(old)


# -------------------------------------------------------------------- what the doctor asks


def test_what_is_wrong_with_the_index_is_told_by_entity(crm: Crm) -> None:
    key = add(crm, name="Oak House")
    add(crm, Tag, name="oak")
    assert is_right(crm)
    crm.db.close()
    low = SEARCHED.index(Organization) * (1 << 52)
    with closing(sqlite3.connect(index_of(crm))) as index, index:
        index.execute("INSERT INTO words(words, rowid, text) VALUES ('delete', ?, 'oak house')", (low + key,))
        index.execute("UPDATE document SET text = 'elm house' WHERE id = ?", (low + key,))
        index.execute("INSERT INTO words(rowid, text) VALUES (?, 'elm house')", (low + key,))
        index.execute("INSERT INTO document(id, text) VALUES (?, 'ash')", (low + key + 7,))
        index.execute("INSERT INTO words(rowid, text) VALUES (?, 'ash')", (low + key + 7,))
    with crm.session() as db, health.snapshot(db):
        assert list(astray(db)) == ["it does not hold what 2 organizations say"]
    with closing(sqlite3.connect(index_of(crm))) as index, index:
        index.execute("INSERT INTO words(words) VALUES ('delete-all')")
    with crm.session() as db:
        with health.snapshot(db):
            assert list(astray(db)) == ["it is damaged"]
        assert fulltext.rebuild(db)
        with health.snapshot(db):
            assert list(astray(db)) == []


def test_an_index_that_is_behind_or_not_there_is_not_wrong(crm: Crm) -> None:
    with health.snapshot(crm.db):
        assert list(astray(crm.db)) == []
    key = add(crm, name="Oak House")
    gone = add(crm, name="Oak Ruin")
    assert is_right(crm)
    edit(crm, Organization, key, name="Elm House")
    add(crm, name="Ash House")
    with crm.changes("delete", by="ann") as unit:
        records.remove(unit, by_id(crm.db, Organization, gone))
    with health.snapshot(crm.db):
        assert list(astray(crm.db)) == []


# -------------------------------------------------------------------- hostile texts

FIXED = (
    "", " ", '"', '""', "'", "`", "\\", "*", "a*", "*a", "^a", "a^", "(", ")", "()", "a(", "AND", "OR", "NOT", "NEAR",
    "NEAR(a b)", "NEAR(a, 2)", "a AND", "NOT a", "text:a", "words:a", "{text} : a", "-a", "--", "a + b", "a:b", "rank",
    'o"brien', "O'Brien", "o’brien", "555-1212", "joe@x.org", "100%", "_", "%", "a\x00b", "\x00", "\ud800", "a\udfffb",
    "\u202eabc", "\u200b", "\ufeff", "\ufffe", "·", "a · b", "e\u0301" * 90, "ﷺ" * 200, "a " * 5000, "a" * 100_000,
    "' OR 1=1 --", "; DROP TABLE words", "🏳️‍🌈", "İ", "ß", "ŉ", "ẞ", "\u0345", "x\u0345", "𝔉𝔬𝔬", "²", "½", "Ⅷ", "㎏",
)  # fmt: skip


@pytest.fixture(scope="module")
def searched(blank_coalition: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crm]:
    """A coalition some of whose names are hostile themselves."""
    path = tmp_path_factory.mktemp("hostile") / "coalition.db"
    shutil.copyfile(blank_coalition, path)
    path.chmod(0o600)
    with Crm.open(path, clock=lambda: NOW) as crm:
        names = [each for each in FIXED if fold(each) and not ({"\x00", "\n"} & set(each)) and len(each) < 500]
        with crm.changes("add", by="ann") as unit:
            for name in (*names, *WORDS):
                if name.isprintable():
                    records.add(unit, Organization, name=name)
        assert catch_up(crm.db)
        yield crm


def soup(chance: random.Random) -> str:
    """A text made to break a query, of the pieces that do."""
    pieces = [*FIXED[:57], *WORDS, " ", '"', "*", "(", ")", ":", "NEAR", chr(chance.randrange(0x110000))]
    return "".join(chance.choice(pieces) for _ in range(chance.randint(1, 12)))


def holds_up(crm: Crm, text: str) -> None:
    """No text raises, or finds anything that looking at every record does not find."""
    for prefix in (False, True):
        assert ids(crm.db, text, prefix=prefix) == scanned(crm.db, text, Organization, prefix=prefix)
    for loose in (False, True):
        for hit in found_first(crm.db, text, 3, loose=loose):
            assert fold(hit.text)
    spelled_like(crm.db, text)
    words = indexed.tokens(text)
    assert len(words) <= indexed.MOST_WORDS
    assert all(0 < len(word) <= indexed.LONGEST_WORD for word in words)


@pytest.mark.parametrize("text", FIXED, ids=range(len(FIXED)))
def test_no_text_of_the_corpus_is_a_program(searched: Crm, text: str) -> None:
    holds_up(searched, text)


def test_ten_thousand_hostile_texts_raise_nothing(searched: Crm, scale: Callable[[int], int]) -> None:
    chance = random.Random(10)
    for _ in range(scale(10_000)):
        holds_up(searched, soup(chance))


@limits(max_examples=150)
@given(st.text(alphabet=st.characters(), max_size=40))
def test_no_text_at_all_raises(searched: Crm, text: str) -> None:
    holds_up(searched, text)


@limits(max_examples=60)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40))
def test_every_name_is_found_by_its_own_text(searched: Crm, name: str) -> None:
    if not fold(name):
        return
    with searched.changes("add", by="ann") as unit:
        key = unit.add(Organization, name=name).id
    assert key in ids(searched.db, name)
    assert key in ids(searched.db, name.upper(), prefix=True)
    searched.undo()


def test_of_a_long_text_the_first_words_are_looked_at(crm: Crm) -> None:
    key = add(crm, name=" ".join(f"w{number}" for number in range(40)), note="long " * 100 + "end")
    assert ids(crm.db, " ".join(f"w{number}" for number in range(40))) == [key]
    assert ids(crm.db, "long " * 100 + "end") == [key]
    assert indexed.tokens("ab " * 200) == ["ab"] * 32
    assert indexed.tokens("abcdefg " * 24 + "abcdefghijkl xyz") == ["abcdefg"] * 24
    assert indexed.tokens("x" * 300) == ["x" * 64]
