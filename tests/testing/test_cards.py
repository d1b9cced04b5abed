"""Cards of the example: whatever is written is read as it was, or is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from partners_crm.plugins import Field, InputFile, Page, PluginContext, ReadOptions
from partners_crm_example.exporter import write
from partners_crm_example.importer import read

NO_CONTEXT = cast("PluginContext", None)
"""Neither of the two looks at it."""
TEXTS = st.text(max_size=20) | st.text(st.sampled_from(" =\n#\r:a"), max_size=12)


@given(
    labels=st.lists(TEXTS, min_size=1, max_size=4, unique=True),
    cells=st.lists(st.lists(TEXTS, min_size=4, max_size=4), max_size=4),
)
def test_what_was_written_is_read_as_it_was(labels: list[str], cells: list[list[str]], tmp_path_factory: Any) -> None:
    path: Path = tmp_path_factory.mktemp("cards") / "some.cards"
    path.touch()
    fields = tuple(Field(label, label, "text", header=None) for label in labels)
    rows = [dict(zip(labels, some, strict=False)) for some in cells]

    def one_by_one() -> Iterator[Mapping[str, Any]]:
        yield from rows

    done = write(NO_CONTEXT, Page(title="some", fields=fields, rows=one_by_one(), as_of=date(2026, 11, 24)), path)
    assert done.rows == len(rows)
    wanted = [{key: value for key, value in row.items() if value} for row in rows]
    if done.problems or not any(wanted):
        return
    reading = read(NO_CONTEXT, InputFile(path), ReadOptions(), lambda _header: False, None)
    assert reading.headers is not None
    found = [dict(zip(reading.headers, row.cells, strict=True)) for row in reading.records()]
    assert [{key: value for key, value in row.items() if value} for row in found] == [row for row in wanted if row]
