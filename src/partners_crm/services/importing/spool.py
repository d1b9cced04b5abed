"""Rows that are read wait here for the database: in memory while they are few, in a private file when they are many."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Self

from partners_crm.errors import StoreUnavailable
from partners_crm.services.importing.prepare import Prepared

BATCH = 1000
"""Rows that are planned and written together."""
IN_MEMORY = 10 * BATCH
"""Rows that wait in memory at most."""


class Spool:
    """Prepared rows in the order they came, a batch at a time; what waits in the file is gone when it is closed."""

    def __init__(self) -> None:
        self._waiting: list[Prepared] = []
        self._file: IO[bytes] | None = None
        self._written = 0
        """Batches in the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def __bool__(self) -> bool:
        """Whether any row waits."""
        return bool(self._written or self._waiting)

    def add(self, row: Prepared) -> None:
        """Let a row wait.

        Raises:
            StoreUnavailable: the folder for temporary files has no room for it.
        """
        self._waiting.append(row)
        if len(self._waiting) >= IN_MEMORY:
            try:
                self._write()
            except OSError as error:
                raise StoreUnavailable(
                    f"{tempfile.gettempdir()} cannot hold the rows that wait: {error.strerror}",
                    "free some space there, or name another folder in TMPDIR",
                ) from None

    def _write(self) -> None:
        # A file of the program's own, without a name: what is read from it was written by this process.
        self._file = self._file or tempfile.TemporaryFile(prefix="partners-rows-")  # noqa: SIM115  # closed with the spool
        for start in range(0, len(self._waiting), BATCH):
            pickle.dump(self._waiting[start : start + BATCH], self._file, pickle.HIGHEST_PROTOCOL)
            self._written += 1
        self._file.flush()
        self._waiting.clear()

    def batches(self) -> Iterator[list[Prepared]]:
        """The rows in the order they came; may be asked again."""
        if self._file is not None:
            self._file.seek(0)
            for _ in range(self._written):
                yield pickle.load(self._file)  # noqa: S301  # written by this process, and by nobody else
            self._file.seek(0, 2)
        for start in range(0, len(self._waiting), BATCH):
            yield self._waiting[start : start + BATCH]
