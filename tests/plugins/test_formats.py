"""Readers and writers of plugins as services are given them: batches, faults in their place, silence, cancelling."""

from __future__ import annotations

import errno
import io
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from partners_crm.errors import ConfigError, FileRefused, StoreUnavailable
from partners_crm.plugins import formats as binding
from partners_crm.plugins.failures import PluginFailed
from partners_crm.plugins.formats import BATCH, FIRST, formats_of
from partners_crm.plugins.policy import Policy
from partners_crm.plugins.registry import PluginRegistry
from partners_crm.services.exporting.fields import Field
from partners_crm.services.exporting.in_place import draft_of, streamed
from partners_crm.services.formats import NONE, Formats, Page
from partners_crm.services.importing.input_files import InputFile, ReadOptions
from partners_crm.services.importing.sheets import read_sheet

READER = """
from partners_crm.errors import FileRefused
from partners_crm.plugins import Importer, Reading, Row, hookimpl

@hookimpl
def register_importers():
    return [Importer(name="{name}", title="Lists", recognizes=recognizes, read=read)]

def recognizes(context, file, options):
    return file.start.startswith(b"# list")

def read(context, file, options, known, progress):
    {before}
    return Reading(described="a list", records=records, headers=("Organization",))

def records():
    {rows}
"""
WRITER = """
from pathlib import Path
from partners_crm.plugins import Exporter, Problem, Written, hookimpl

@hookimpl
def register_exporters():
    return [Exporter(name="{name}", title="Lists", suffixes=("list",), write=write)]

def write(context, page, path):
    {body}
"""
LIMIT = 1.0
"""Seconds after which a plugin of these tests has hung."""
HANGS = "import time; time.sleep(60)"
GOOD = "for number in range({count}): yield Row(number + 1, ('House %d' % number,))"


class Bench:
    """Plugins of a folder, and files."""

    def __init__(self, folder: Path) -> None:
        self.plugins = folder / "plugins"
        self.plugins.mkdir()
        self.file = folder / "members.list"
        self.file.write_text("# list\n")
        self.words: list[str] = []

    def reader(
        self, rows: str = "return iter(())", before: str = "pass", name: str = "list", file: str = "lists"
    ) -> None:
        """A plugin that reads lists."""
        (self.plugins / f"{file}.py").write_text(READER.format(name=name, rows=rows, before=before))

    def writer(self, body: str, name: str = "list", file: str = "written") -> None:
        """A plugin that writes lists."""
        (self.plugins / f"{file}.py").write_text(WRITER.format(name=name, body=body))

    def registry(self, **more: Any) -> PluginRegistry:
        """The plugins of the folder, and the one that reads spreadsheets."""
        names = [path.stem for path in self.plugins.glob("*.py")]
        policy = Policy(only=("tabular", *names), folders=(self.plugins,), **more)
        return PluginRegistry(policy, word=self.words.append)


@pytest.fixture
def bench(tmp_path: Path, site: Path) -> Bench:
    return Bench(tmp_path)


def lines(formats: Formats, path: Path) -> Iterator[int]:
    return (row.line for row in read_sheet(path, formats=formats).rows())


def page_of(rows: Iterator[Mapping[str, Any]]) -> Page:
    return Page(title="organizations", fields=(Field("name", "Name", "text"),), rows=rows, as_of=date(2026, 11, 24))


# -------------------------------------------------------------------- which format


def test_the_bundled_formats_are_there() -> None:
    formats = formats_of(PluginRegistry(Policy(only=("tabular",))))
    assert (
        [each.name for each in formats.readers] == [each.name for each in formats.writers] == ["csv", "jsonl", "xlsx"]
    )
    assert {each.owner for each in formats.readers} == {each.owner for each in formats.writers} == {"tabular"}


def test_without_plugins_it_is_said_in_one_line_what_to_do(bench: Bench, tmp_path: Path) -> None:
    formats = formats_of(PluginRegistry(Policy(none=True)))
    assert formats == NONE
    with pytest.raises(ConfigError, match=r"no plugin reads files here .leave --no-plugins away"):
        read_sheet(bench.file, formats=formats)
    with pytest.raises(ConfigError, match=r"no plugin writes files here .leave --no-plugins away"):
        formats.writer(tmp_path / "members.csv")


def test_a_plugin_reads_what_the_others_do_not(bench: Bench) -> None:
    bench.reader(GOOD.format(count=3))
    bench.file.write_bytes(b"# list\0" + bytes(100))
    assert list(lines(formats_of(bench.registry()), bench.file)) == [1, 2, 3]


def test_text_is_left_to_a_plugin_that_knows_it_and_read_as_csv_by_name(bench: Bench) -> None:
    bench.reader(GOOD.format(count=3))
    formats = formats_of(bench.registry())
    assert read_sheet(bench.file, formats=formats).described == "a list"
    assert read_sheet(bench.file, ReadOptions(reader="csv"), formats=formats).headers == ("# list",)
    with pytest.raises(ConfigError, match=r"nothing reads files as cards .--as csv, jsonl, list, xlsx"):
        read_sheet(bench.file, ReadOptions(reader="cards"), formats=formats)


def test_two_that_know_a_file_are_both_named_and_one_is_picked_by_name(bench: Bench) -> None:
    bench.reader(GOOD.format(count=3))
    (bench.plugins / "lists.py").rename(bench.plugins / "others.py")
    bench.reader(GOOD.format(count=2), name="roll")
    formats = formats_of(bench.registry())
    both = r"others \(list\) and lists \(roll\) both read such files .say which: --as list"
    with pytest.raises(ConfigError, match=both):
        read_sheet(bench.file, formats=formats)
    assert len(list(read_sheet(bench.file, ReadOptions(reader="roll"), formats=formats).rows())) == 2


def test_two_of_one_name_are_both_left_out_and_named(bench: Bench) -> None:
    bench.reader(GOOD.format(count=3), name="csv")
    registry = bench.registry()
    formats = formats_of(registry)
    assert [each.name for each in formats.readers] == ["jsonl", "xlsx"]
    assert formats_of(registry).writers  # asked for again, the conflict is told no second time
    assert [(each.plugin, each.stage) for each in registry.failures] == [("lists", "conflict"), ("tabular", "conflict")]
    assert all("lists and tabular offer the same name" in word for word in bench.words)


def test_two_of_one_suffix_are_told_apart_by_name(bench: Bench, tmp_path: Path) -> None:
    bench.writer("return Written(rows=0)", name="one", file="first")
    bench.writer("return Written(rows=0)", name="two", file="second")
    formats = formats_of(bench.registry())
    with pytest.raises(
        ConfigError, match=r"first \(one\) and second \(two\) both write such files .say which: --as one"
    ):
        formats.writer(tmp_path / "out.list")
    assert formats.writer(tmp_path / "out.list", "two").owner == "second"


def test_one_that_cannot_say_is_named_and_the_others_are_asked(bench: Bench) -> None:
    bench.reader("return iter(())", name="odd")
    source = bench.plugins / "lists.py"
    source.write_text(source.read_text().replace("return file.start", "raise KeyError  #"))
    formats = formats_of(bench.registry())
    assert read_sheet(bench.file, formats=formats).headers == ("# list",)
    assert bench.words == ["the plugin lists failed in importer odd: it raised KeyError"]
    bench.file.write_bytes(bytes(range(256)) * 4)
    with pytest.raises(PluginFailed, match="the plugin lists failed in importer odd"):
        read_sheet(bench.file, formats=formats)


# -------------------------------------------------------------------- rows


@pytest.mark.parametrize("count", [0, 1, FIRST, FIRST + 1, FIRST + BATCH, FIRST + 3 * BATCH + 7])
def test_rows_come_in_order_and_again_whatever_their_number(bench: Bench, count: int) -> None:
    bench.reader(GOOD.format(count=count))
    bench.file.write_bytes(b"# list\0" + bytes(100))
    with read_sheet(bench.file, formats=formats_of(bench.registry())) as sheet:
        both = list(zip(sheet.rows(), sheet.rows(), strict=True))
    assert [first.line for first, _ in both] == [second.line for _, second in both] == list(range(1, count + 1))


def test_a_fault_comes_behind_the_rows_before_it(bench: Bench) -> None:
    rows = GOOD.format(count=100) + "\n    raise FileRefused('members.list:101: is damaged')"
    bench.reader(rows)
    bench.file.write_bytes(b"# list\0" + bytes(100))
    registry = bench.registry()
    seen: list[int] = []
    with pytest.raises(FileRefused, match=r"members.list:101: is damaged"):
        seen.extend(lines(formats_of(registry), bench.file))
    assert seen == list(range(1, 101))
    assert registry.failures == ()


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("yield ('House',)", "it gave tuple instead of a Row"),
        ("yield Row(1, ['House'])", "it gave a Row whose line, cells or marks are none"),
        ("yield Row('1', ('House',))", "it gave a Row whose line, cells or marks are none"),
        ("yield Row(1, (7,))", "it gave a Row with a cell that is no text"),
        ("yield Row(1, ('House',)); raise SystemExit", r"it tried to end the program \(SystemExit\)"),
        ("return 7", "it raised TypeError"),
    ],
)
def test_what_is_no_row_is_a_failure_with_a_name(bench: Bench, rows: str, reason: str) -> None:
    bench.reader(rows)
    bench.file.write_bytes(b"# list\0" + bytes(100))
    with pytest.raises(PluginFailed, match=f"the plugin lists failed in importer list: {reason}"):
        list(lines(formats_of(bench.registry()), bench.file))


def test_rows_without_an_end_are_refused(bench: Bench) -> None:
    bench.reader("while True: yield Row(1, ('House',))")
    bench.file.write_bytes(b"# list\0" + bytes(100))
    with pytest.raises(FileRefused, match="has more than 1,000,000 rows"):
        for _ in lines(formats_of(bench.registry()), bench.file):
            pass


def test_a_batch_of_long_rows_ends_early(bench: Bench) -> None:
    bench.reader("for number in range(50): yield Row(number + 1, ('x' * 400_000, str(number)))")
    bench.file.write_bytes(b"# list\0" + bytes(100))
    registry = bench.registry()
    calls: list[str] = []
    registry.boundary.on_call = lambda call: calls.append(call.hook)
    assert len(list(lines(formats_of(registry), bench.file))) == 50
    assert 50 // 3 <= len(calls) <= 50


def test_who_stops_early_ends_the_reader(bench: Bench) -> None:
    bench.reader("try:\n        while True: yield Row(1, ('House',))\n    finally:\n        open('ended', 'w').close()")
    source = bench.plugins / "lists.py"
    ended = bench.plugins.parent / "ended"
    source.write_text(source.read_text().replace("'ended'", repr(str(ended))))
    bench.file.write_bytes(b"# list\0" + bytes(100))
    with read_sheet(bench.file, formats=formats_of(bench.registry())) as sheet:
        assert len(sheet.sample(5)) == 5
        assert ended.exists()


def test_a_closed_file_gives_no_rows(bench: Bench) -> None:
    bench.reader(GOOD.format(count=3))
    bench.file.write_bytes(b"# list\0" + bytes(100))
    registry = bench.registry()
    sheet = read_sheet(bench.file, formats=formats_of(registry))
    sheet.close()
    sheet.close()
    with pytest.raises(ValueError, match="closed"):
        list(sheet.rows())
    assert registry.failures == ()


# -------------------------------------------------------------------- silence and cancelling


@pytest.mark.parametrize(
    ("before", "rows"), [("import time; time.sleep(60)", "return iter(())"), ("pass", "import time; time.sleep(60)")]
)
def test_a_reader_that_hangs_ends_with_a_failure_that_names_it(bench: Bench, before: str, rows: str) -> None:
    bench.reader(rows, before)
    bench.file.write_bytes(b"# list\0" + bytes(100))
    registry = bench.registry(limit=LIMIT)
    with pytest.raises(PluginFailed, match=r"the plugin lists failed in importer list: it did not answer within 1 s"):
        list(lines(formats_of(registry), bench.file))
    assert [each.plugin for each in registry.failures] == ["lists"]


def test_a_reader_that_says_how_far_it_is_may_take_its_time(bench: Bench) -> None:
    bench.reader(GOOD.format(count=1), "import time\n    for _ in range(30): time.sleep(0.05); progress(1, 2)")
    bench.file.write_bytes(b"# list\0" + bytes(100))
    assert list(lines(formats_of(bench.registry(limit=LIMIT)), bench.file)) == [1]


def test_progress_is_told_in_the_calling_thread_and_may_cancel(bench: Bench) -> None:
    bench.reader(GOOD.format(count=1), "import time\n    while True: time.sleep(0.01); progress(1, 2)")
    bench.file.write_bytes(b"# list\0" + bytes(100))
    registry = bench.registry()
    threads: list[threading.Thread] = []
    before = set(threading.enumerate())

    def stop(_done: int, _total: int) -> None:
        threads.append(threading.current_thread())
        if len(threads) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_sheet(bench.file, progress=stop, formats=formats_of(registry))
    assert set(threads) == {threading.current_thread()}
    for each in set(threading.enumerate()) - before:
        each.join(2)
        assert not each.is_alive()
    assert registry.failures == ()


def test_one_that_swallows_the_cancelling_is_left_behind(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partners_crm.plugins.attended.LEAVING", 0.1)
    swallowing = """import time
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try: progress(1, 2)
        except BaseException: time.sleep(0.01)"""
    bench.reader(GOOD.format(count=1), swallowing)
    bench.file.write_bytes(b"# list\0" + bytes(100))

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    before = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt):
        read_sheet(bench.file, progress=stop, formats=formats_of(bench.registry()))
    assert "plugin lists" in {each.name for each in set(threading.enumerate()) - before}


@pytest.mark.parametrize("wrong", ["'a', None", "1.5, 2", "-1, 2", "1, 10 ** 5000", "True, 2"])
def test_progress_that_is_none_is_a_failure_of_the_reader(bench: Bench, wrong: str) -> None:
    bench.reader(GOOD.format(count=1), f"progress({wrong})")
    bench.file.write_bytes(b"# list\0" + bytes(100))
    registry, told = bench.registry(), list[tuple[int, int]]()
    with pytest.raises(PluginFailed, match="the plugin lists failed in importer list: it answered a progress that is"):
        read_sheet(bench.file, progress=lambda *some: told.append(some), formats=formats_of(registry))
    assert told == []


def test_cells_and_lines_are_plain(bench: Bench) -> None:
    bench.reader("class Text(str): pass\n    yield Row(1, (Text('House'), 'b'))")
    bench.file.write_bytes(b"# list\0" + bytes(100))
    (row,) = read_sheet(bench.file, formats=formats_of(bench.registry())).rows()
    assert (row.cells, {type(cell) for cell in row.cells}) == (("House", "b"), {str})


@pytest.mark.parametrize("wrong", ["-1", "10 ** 5000"])
def test_a_row_on_a_line_that_is_none_is_a_failure(bench: Bench, wrong: str) -> None:
    bench.reader(f"yield Row({wrong}, ('House',))")
    bench.file.write_bytes(b"# list\0" + bytes(100))
    with pytest.raises(PluginFailed, match="it gave a Row whose line is none"):
        list(lines(formats_of(bench.registry()), bench.file))


# -------------------------------------------------------------------- writing


def test_rows_are_fetched_by_the_thread_that_calls(bench: Bench, tmp_path: Path) -> None:
    bench.writer(
        "rows = [row['name'] for row in page.rows]; path.write_text(' '.join(rows)); return Written(rows=len(rows))"
    )
    threads: set[threading.Thread] = set()

    def rows() -> Iterator[Mapping[str, Any]]:
        for number in range(2 * BATCH + 5):
            threads.add(threading.current_thread())
            yield {"name": str(number)}

    path = tmp_path / "out.list"
    done = formats_of(bench.registry()).writer(path).write(page_of(rows()), path)
    assert done.rows == 2 * BATCH + 5
    assert path.read_text().split() == [str(number) for number in range(2 * BATCH + 5)]
    assert threads == {threading.current_thread()}


def test_what_the_rows_raise_comes_out_as_it_is(bench: Bench, tmp_path: Path) -> None:
    bench.writer("return Written(rows=len(list(page.rows)))")

    def rows() -> Iterator[Mapping[str, Any]]:
        yield {"name": "House"}
        raise StoreUnavailable("coalition.db is gone")

    registry = bench.registry()
    path = tmp_path / "out.list"
    with pytest.raises(StoreUnavailable, match="is gone"), draft_of(path, tmp_path / "coalition.db") as draft:
        formats_of(registry).writer(path).write(page_of(rows()), draft.path)
    assert registry.failures == ()
    assert not path.exists()
    assert [each.name for each in tmp_path.iterdir() if each.name.endswith(".new")] == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return 7", "it answered int instead of Written"),
        ("return Written(rows='7')", "it answered Written with something else than a number and problems in it"),
        ("return Written(rows=7, problems=(7,))", "it answered Written with something else than a number and problems"),
        (
            "return Written(rows=7, described={'format': path})",
            "it answered Written with a description that is no JSON",
        ),
        ("path.write_text('half'); raise KeyError", "it raised KeyError"),
        ("path.write_text('half'); raise ConnectionRefusedError(111, 'refused')", "it raised ConnectionRefusedError"),
        ("import time; path.write_text('half'); time.sleep(60)", r"it did not answer within 1 s"),
    ],
)
def test_a_failed_writer_is_named_and_leaves_nothing(bench: Bench, tmp_path: Path, body: str, reason: str) -> None:
    bench.writer(body)
    path = tmp_path / "out.list"
    writer = formats_of(bench.registry(limit=LIMIT)).writer(path)
    match = f"the plugin written failed in exporter list: {reason}"
    with pytest.raises(PluginFailed, match=match), draft_of(path, tmp_path / "coalition.db") as draft:
        writer.write(page_of(iter([])), draft.path)
    assert not path.exists()
    assert [each.name for each in tmp_path.iterdir() if each.name.endswith(".new")] == []
    held = io.BytesIO()
    with pytest.raises(PluginFailed, match="the plugin written"):
        streamed(writer, page_of(iter([])), held)
    assert held.getvalue() == b""


def test_a_disk_that_refuses_is_no_failure_of_the_plugin(bench: Bench, tmp_path: Path) -> None:
    bench.writer(f"raise OSError({errno.ENOSPC}, 'No space left on device')")
    registry = bench.registry()
    path = tmp_path / "out.list"
    writer = formats_of(registry).writer(path)
    match = r"out.list cannot be written: No space left"
    with pytest.raises(StoreUnavailable, match=match), draft_of(path, tmp_path / "coalition.db") as draft:
        writer.write(page_of(iter([])), draft.path)
    with pytest.raises(StoreUnavailable, match="cannot hold the export: No space left"):
        streamed(writer, page_of(iter([])), io.BytesIO())
    assert registry.failures == ()


def test_a_stream_gets_all_of_it_or_nothing(bench: Bench) -> None:
    bench.writer("path.write_text('whole'); return Written(rows=0)")
    held = io.BytesIO()
    writer = formats_of(bench.registry()).writer(Path("-"), "list")
    assert streamed(writer, page_of(iter([])), held).rows == 0
    assert held.getvalue() == b"whole"
    problems = "path.write_text('half'); return Written(rows=0, problems=(Problem(1, 'Name', '', 'does not fit'),))"
    bench.writer(problems)
    bench.plugins.joinpath("written.py").rename(bench.plugins / "rewritten.py")
    held = io.BytesIO()
    writer = formats_of(bench.registry()).writer(Path("-"), "list")
    assert streamed(writer, page_of(iter([])), held).problems
    assert held.getvalue() == b""


def test_a_writer_has_longer_to_pack_many_rows(monkeypatch: pytest.MonkeyPatch, bench: Bench, tmp_path: Path) -> None:
    monkeypatch.setattr(binding, "ROWS_A_SECOND", 100)
    bench.writer("import time; list(page.rows); time.sleep(2); return Written(rows=0)")
    path = tmp_path / "out.list"
    writer = formats_of(bench.registry(limit=LIMIT)).writer(path)
    assert writer.write(page_of(iter([{"name": "x"}] * 1000)), path).rows == 0
    with pytest.raises(PluginFailed, match="did not answer"):
        writer.write(replace(page_of(iter([]))), path)


def test_a_reader_has_the_bytes_of_the_file(bench: Bench) -> None:
    file = InputFile(bench.file)
    formats = formats_of(bench.registry())
    assert formats.reader(file, ReadOptions()).name == "csv"
    assert file.start == b"# list\n"
