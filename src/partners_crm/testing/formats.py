"""The contracts of importers and exporters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import pytest

from partners_crm.plugins import Importer, InputFile, Page, Reading, ReadOptions, Row, Written, restored
from partners_crm.plugins.policy import Owned
from partners_crm.services.exporting.fields import Field
from partners_crm.services.rows import Problem
from partners_crm.testing.contract import Contract, only_ours
from partners_crm.testing.hostile import FILES, TEXTS, damaged
from partners_crm.testing.stage import Stage

STRANGERS: dict[str, bytes] = {
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "a sound": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(40),
    "a class of Java": b"\xca\xfe\xba\xbe" + bytes(40),
}
Rows = Sequence[Mapping[str, Any]]
_ROWS = 1000
"""Of a hostile file that are looked at."""


def _knows(_header: str) -> bool:
    return False


def read_rows(stage: Stage, importer: Importer, path: Path) -> tuple[Reading, list[Row]]:
    """What an importer reads from a file, every row of it.

    Raises:
        PartnersError: it refuses the file.
    """

    def work(context: Any) -> tuple[Reading, list[Row]]:
        file = InputFile(path)
        try:
            reading = importer.read(context, file, ReadOptions(), _knows, None)
            try:
                return reading, list(islice(reading.records(), _ROWS))
            finally:
                reading.close()
        finally:
            file.close()

    return stage.call(work)


def table_of(reading: Reading, rows: Sequence[Row]) -> list[dict[str, str]]:
    """Each row as cells by their header; empty ones are left out."""
    headers = reading.headers
    if headers is None:
        first, *rows = [row for row in rows if any(row.cells)]
        headers = first.cells
    named = [dict(zip(headers, row.cells, strict=False)) for row in rows if any(row.cells)]
    return [{key: value for key, value in each.items() if value} for each in named]


class ImporterContract(Contract):
    """What holds for every importer."""

    hook = "importers"
    files: ClassVar[Mapping[str, bytes]] = {}
    """Good files, by their names; each speaks of at least one organization or person."""
    strangers: ClassVar[Mapping[str, bytes]] = STRANGERS
    """Files of other formats, which it must not take for its own."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Where the files of a test lie."""
        folder = tmp_path / "files"
        folder.mkdir()
        return folder

    @pytest.fixture
    def paths(self, folder: Path) -> list[Path]:
        """The good files, written."""
        assert self.files, f"{type(self).__name__} has no files: files = {{'name': b'...'}}"
        return [written(folder, name, data) for name, data in self.files.items()]

    def test_it_recognizes_its_files_whatever_their_names(
        self, empty_stage: Stage, owned: Owned[Importer], folder: Path
    ) -> None:
        for name, data in self.files.items():
            path = written(folder, "renamed.dat", data)
            assert recognized(empty_stage, owned.item, path) is True, f"it does not know {name} by its first bytes"

    def test_it_leaves_other_files_alone(self, empty_stage: Stage, owned: Owned[Importer], folder: Path) -> None:
        for what, data in self.strangers.items():
            path = written(folder, "stranger.dat", data)
            assert recognized(empty_stage, owned.item, path) is False, f"it takes {what} for its own"

    def test_it_reads_rows(self, empty_stage: Stage, owned: Owned[Importer], paths: list[Path]) -> None:
        for path in paths:
            reading, rows = read_rows(empty_stage, owned.item, path)
            assert reading.described.strip(), "say in words how the file was read: described"
            assert rows, f"{path.name} has no rows"
            check_rows(path.name, reading, rows)

    def test_it_reads_the_same_again(self, empty_stage: Stage, owned: Owned[Importer], paths: list[Path]) -> None:
        def twice(context: Any) -> tuple[list[Row], list[Row]]:
            reading = owned.item.read(context, InputFile(path), ReadOptions(), _knows, None)
            try:
                return list(reading.records()), list(reading.records())
            finally:
                reading.close()

        for path in paths:
            first, second = empty_stage.call(twice)
            assert first == second, f"{path.name}: the second run through the records gives others"

    def test_it_does_not_change_the_file(self, empty_stage: Stage, owned: Owned[Importer], paths: list[Path]) -> None:
        for path in paths:
            before = path.read_bytes(), path.stat().st_mtime_ns
            read_rows(empty_stage, owned.item, path)
            assert (path.read_bytes(), path.stat().st_mtime_ns) == before

    def test_a_hostile_file_is_refused_in_words(self, empty_stage: Stage, owned: Owned[Importer], folder: Path) -> None:
        for what, data in FILES.items():
            self._survives(empty_stage, owned.item, written(folder, "hostile.dat", data), what)

    def test_a_damaged_file_is_refused_in_words(self, empty_stage: Stage, owned: Owned[Importer], folder: Path) -> None:
        for name, good in self.files.items():
            for what, data in damaged(good):
                self._survives(empty_stage, owned.item, written(folder, "damaged.dat", data), f"{name}, {what}")

    def _survives(self, stage: Stage, importer: Importer, path: Path, what: str) -> None:
        with only_ours(what):
            if recognized(stage, importer, path):
                reading, rows = read_rows(stage, importer, path)
                check_rows(what, reading, rows)

    def test_a_file_comes_in_and_a_second_time_changes_nothing(self, empty_stage: Stage, paths: list[Path]) -> None:
        for path in paths:
            first = empty_stage.crm.import_file(path)
            assert first.rows, f"{path.name}: no row of it speaks of anybody"
            assert first.new + first.changed + first.same, f"{path.name}: every row was rejected: {first.problems}"
            before = empty_stage.everything()
            second = empty_stage.crm.import_file(path)
            assert second.changes == 0, f"{path.name}: the second import changed {second.changes} records"
            assert empty_stage.everything() == before


class ExporterContract(Contract):
    """What holds for every exporter."""

    hook = "exporters"
    reads_back: ClassVar[str] = ""
    """The importer of the plugin that reads what it writes; "" where there is none."""
    is_stable: ClassVar[bool] = True
    """Whether the same page gives the same bytes: not where the format notes the time."""
    texts: ClassVar[tuple[str, ...]] = TEXTS
    """Texts that must come back as they were, or be refused by name."""

    def test_it_says_what_its_files_are_called(self, owned: Owned[Any]) -> None:
        assert owned.item.suffixes, "give it at least one suffix: suffixes = ('csv',)"
        for each in owned.item.suffixes:
            assert each == each.lower().strip("."), f"{each!r}: a suffix is small letters without the dot"

    def test_it_writes_a_page(self, empty_stage: Stage, owned: Owned[Any], tmp_path: Path) -> None:
        rows: Rows = [{"name": "Prairie Friends", "members": 3}, {"name": "Rock River Bridge", "members": None}]
        path, done = write(empty_stage, owned, tmp_path / "page", rows)
        assert done == Written(rows=2), f"it answered {done}"
        assert path.stat().st_size, "the file is empty"

    def test_an_empty_page_is_a_file_too(self, empty_stage: Stage, owned: Owned[Any], tmp_path: Path) -> None:
        _, done = write(empty_stage, owned, tmp_path / "page", [])
        assert done.rows == 0
        assert not done.problems

    def test_it_changes_nothing_that_it_is_given(self, empty_stage: Stage, owned: Owned[Any], tmp_path: Path) -> None:
        rows = [{"name": "Prairie Friends", "members": 3}]
        kept = [dict(row) for row in rows]
        write(empty_stage, owned, tmp_path / "page", rows)
        assert rows == kept, "it changed the values of a row"

    def test_the_same_page_gives_the_same_file(self, empty_stage: Stage, owned: Owned[Any], tmp_path: Path) -> None:
        if not self.is_stable:
            pytest.skip("the format notes when it was written")
        rows = [{"name": text, "members": number} for number, text in enumerate(self.texts[:5])]
        first, _ = write(empty_stage, owned, tmp_path / "one", rows)
        second, _ = write(empty_stage, owned, tmp_path / "two", rows)
        assert first.read_bytes() == second.read_bytes()

    def test_a_hostile_text_is_written_or_refused_by_name(
        self, empty_stage: Stage, owned: Owned[Any], tmp_path: Path
    ) -> None:
        for number, text in enumerate(self.texts):
            _, done = write(empty_stage, owned, tmp_path / str(number), [{"name": text, "members": 1}])
            assert done.rows == 1, f"{text!r}: it wrote {done.rows} rows of one"
            for each in done.problems:
                assert isinstance(each, Problem), f"{text!r}: {type(each).__name__} is no Problem"
                assert each.reason.strip(), f"{text!r}: a problem says why"

    def test_what_it_wrote_is_read_as_it_was(self, empty_stage: Stage, owned: Owned[Any], tmp_path: Path) -> None:
        if not self.reads_back:
            pytest.skip("no importer of the plugin reads this format: reads_back = '...' names one")
        importer = empty_stage.found("importers", self.reads_back).item
        for number, text in enumerate(self.texts):
            rows: Rows = [{"name": text, "members": number}, {"name": "Last", "members": None}]
            path, done = write(empty_stage, owned, tmp_path / str(number), rows)
            if done.problems:
                continue
            assert recognized(empty_stage, importer, path), f"{text!r}: its own importer does not know the file"
            found = table_of(*read_rows(empty_stage, importer, path))
            # The core takes the sign away that keeps a spreadsheet from computing a cell, of every cell that it reads.
            names = [restored(row.get("name", "")) for row in found]
            assert names == [text, "Last"], f"{text!r} came back as {names}"
            assert found[0].get("members") == str(number)

    def test_a_list_of_the_demo_is_written(self, sample_stage: Stage, tmp_path: Path) -> None:
        owned = self.of(sample_stage)
        for entity in ("organizations", "contacts", "sites"):
            path = tmp_path / f"{entity}.{owned.item.suffixes[0]}"
            done = sample_stage.crm.export(path, entity=entity)
            assert done.written, done.problems
            assert done.rows
            assert path.stat().st_size


def written(folder: Path, name: str, data: bytes) -> Path:
    """A file with these bytes."""
    path = folder / name
    path.write_bytes(data)
    return path


def recognized(stage: Stage, importer: Importer, path: Path) -> bool:
    """What an importer says of a file; it has to be true or false, and no error."""
    answer = stage.call(lambda context: importer.recognizes(context, InputFile(path), ReadOptions()))
    assert isinstance(answer, bool), f"it answered {type(answer).__name__}, not whether it knows the file"
    return answer


def check_rows(what: str, reading: Reading, rows: Sequence[Row]) -> None:
    """Hold that a reading is what a reading should be."""
    assert isinstance(reading, Reading), f"{what}: it answered {type(reading).__name__}, not a Reading"
    lines = [row.line for row in rows]
    assert lines == sorted(lines), f"{what}: the rows are not in the order of their lines"
    assert not lines or lines[0] >= 1, f"{what}: the first line of a file is 1"
    for row in rows:
        assert isinstance(row, Row), f"{what}: a record is {type(row).__name__}, not a Row"
        assert isinstance(row.cells, tuple), f"{what}, line {row.line}: cells are a tuple"
        assert all(isinstance(cell, str) for cell in row.cells), f"{what}, line {row.line}: a cell is no text"


def write(stage: Stage, owned: Owned[Any], folder: Path, rows: Rows) -> tuple[Path, Written]:
    """What an exporter makes of a page of two columns: the file, which is there and empty before, and its answer."""
    folder.mkdir()
    path = folder / f"page.{owned.item.suffixes[0]}"
    path.touch()

    def one_by_one() -> Iterator[Mapping[str, Any]]:
        yield from rows

    fields = (Field("name", "Name", "text"), Field("members", "Members", "whole"))
    page = Page(title="organizations", fields=fields, rows=one_by_one(), as_of=stage.crm.today)

    def work(context: Any) -> Written:
        answer: Written = owned.item.write(context, page, path)
        return answer

    done = stage.call(work, path)
    assert isinstance(done, Written), f"it answered {type(done).__name__}, not Written"
    assert {each.name for each in folder.iterdir()} == {path.name}, "it left another file beside its own"
    return path, done
