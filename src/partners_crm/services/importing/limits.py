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

MAX_INFLATED = 200_000_000
"""Bytes of all parts of a workbook, unpacked."""
MAX_RATIO = 100
"""How many times larger a workbook may become when it is unpacked ..."""
RATIO_FROM = 50_000_000
"""... if that is more than so many bytes."""
MAX_PARTS = 2_000
"""Parts of a workbook: sheets, styles, pictures."""
MAX_SPOOL = 600_000_000
"""Bytes of the text of a sheet: one text that many cells share is written out for each of them."""

CHILD_BYTES = 512 * 1024 * 1024
"""Address space of the program that reads a workbook."""
CHILD_SECONDS = 5
"""Processor seconds of the program that reads a workbook ..."""
CHILD_SECONDS_PER_MB = 0.5
"""... and so many more for each megabyte unpacked, some five times what an honest one takes."""

MAX_DEPTH = 20
"""Levels of a value in a JSON file."""
MAX_DIGITS = 100
"""Digits of a number in a JSON file."""
