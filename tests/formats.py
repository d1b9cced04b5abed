"""What tests hand to services that read and write files: the formats of the bundled plugin, through its entry point."""

from __future__ import annotations

from functools import partial

from partners_crm.services.importing import sheets
from partners_crm.testing.sheets import formats_by

FORMATS = formats_by("tabular")
read_sheet = partial(sheets.read_sheet, formats=FORMATS)
