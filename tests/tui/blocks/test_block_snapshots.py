"""What each block looks like, at the two sizes people use: the closed set draws a comparison, a board and a matrix.

A changed picture fails here with a difference to read; `PARTNERS_SNAPSHOTS=write` writes the new look down.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from partners_crm.plugins.blocks import Block
from tests.plugins import sample_blocks as sample
from tests.tui.blocks.pages import seen

FOLDER = Path(__file__).parent / "snapshots"
WRITE = os.environ.get("PARTNERS_SNAPSHOTS") == "write"
SIZES = {"80x24": (80, 24), "140x40": (140, 40)}
PAGES: dict[str, tuple[tuple[Block, ...], tuple[str, ...]]] = {
    # Name: the blocks of the page, and keys.
    "compare": ((sample.compare(),), ("down",)),
    "board": ((sample.board(),), ("right", "down")),
    "matrix": ((sample.matrix(), sample.matrix(60)), ("down", "right")),
    "table-and-card": ((sample.table(30), sample.card()), ("down", "right", "space")),
    "form": ((sample.form(), sample.tree()), ("enter", "tab")),
    "lists": ((sample.tree(), sample.timeline(), sample.bars(), sample.tiles()), ("tab",)),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_looks_as_it_did(name: str, size: str) -> None:
    blocks, keys = PAGES[name]
    text = seen(blocks, SIZES[size], *keys) + "\n"
    path = FOLDER / f"{name}-{size}.txt"
    if WRITE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    assert path.exists(), f"no snapshot {path.name}: write it with PARTNERS_SNAPSHOTS=write"
    assert text == path.read_text("utf-8")


def test_no_snapshot_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}-{size}.txt" for name in PAGES for size in SIZES}
