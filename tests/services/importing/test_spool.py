"""Rows that wait: in the order they came, in memory or in a file, and a full disk is named."""

from __future__ import annotations

import subprocess
import sys

import pytest

from partners_crm.services.importing.prepare import Prepared
from partners_crm.services.importing.spool import BATCH, IN_MEMORY, Spool

FULL = """
import resource, signal
from partners_crm.errors import StoreUnavailable
from partners_crm.services.importing.prepare import Prepared
from partners_crm.services.importing.spool import IN_MEMORY, Spool
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    with Spool() as spool:
        for line in range(IN_MEMORY):
            spool.add(Prepared(line, ("x" * 10,), bytes(16)))
except StoreUnavailable as error:
    print(error.message, flush=True)
"""


@pytest.mark.parametrize("count", [0, 1, BATCH, IN_MEMORY - 1, IN_MEMORY, 2 * IN_MEMORY + BATCH + 1])
def test_rows_come_back_in_their_order_as_often_as_asked(count: int) -> None:
    with Spool() as spool:
        for line in range(count):
            spool.add(Prepared(line, (str(line),), bytes(16)))
        assert bool(spool) is (count > 0)
        for _ in range(2):
            batches = list(spool.batches())
            assert [row.line for rows in batches for row in rows] == list(range(count))
            assert all(len(rows) <= BATCH for rows in batches)


def test_a_folder_without_room_is_named() -> None:
    done = subprocess.run([sys.executable, "-c", FULL], capture_output=True, text=True, timeout=60, check=False)
    assert "cannot hold the rows that wait" in done.stdout, done.stderr
