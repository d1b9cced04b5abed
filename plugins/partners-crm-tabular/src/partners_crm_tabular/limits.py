"""What a workbook and a JSON file may hold at most, beyond what the core says of every file."""

from __future__ import annotations

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
