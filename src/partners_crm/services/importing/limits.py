"""What a file may hold at most: one place for every reader.

A file beyond a limit is refused with a line that names it; a single cell beyond `normalize.text.MAX_CELL_BYTES` costs
its row only, and is refused where rows are planned.
"""

from __future__ import annotations

MAX_BYTES = 200_000_000
"""Bytes of a file."""
MAX_ROWS = 1_000_000
MAX_COLUMNS = 500
MAX_FIELD = 1 << 24
"""Characters of one cell of a file; a longer one is a quote that was never closed."""
MAX_LINE = 1 << 25
"""Characters of one line of a text file."""
