"""The command's screen in a real pseudo-terminal: what it writes, byte by byte, and what a terminal makes of it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

PATIENCE_S = 60
"""The longest a test waits for something that comes."""
QUIET_S = 0.4
"""How long nothing more is written before the screen counts as drawn."""


class Terminal:
    """`partners ui` on a database, in a terminal of some size; leaving the block ends it."""

    def __init__(
        self,
        database: Path,
        *,
        columns: int,
        rows: int,
        environment: Mapping[str, str] | None = None,
        command: list[str] | None = None,
    ) -> None:
        self.written = b""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        command = command or [sys.executable, "-m", "partners_crm", "--db", str(database), "ui"]
        self._file, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._program = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            # Its controlling terminal, so that closing it hangs the program up.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**os.environ, "TEXTUAL_ANIMATIONS": "none", **(environment or {})},
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._program.poll() is None:
            self._program.kill()
            self._program.wait()
        os.close(self._file)

    @property
    def pid(self) -> int:
        """The process of the program."""
        return self._program.pid

    def hang_up(self) -> int:
        """Close the terminal, as a person who closes the window; the exit code of the program."""
        os.close(self._file)
        self._file = os.open(os.devnull, os.O_RDWR)
        return self._program.wait(PATIENCE_S)

    def send(self, keys: bytes) -> None:
        """Type."""
        os.write(self._file, keys)

    def wait_for(self, text: str) -> None:
        """Read until a text stands on the screen."""
        end = time.monotonic() + PATIENCE_S
        while text not in self.screen():
            assert time.monotonic() < end, f"{text!r} did not come; the screen:\n{self.screen()}"
            self._read(1.0)

    def rest(self) -> None:
        """Read until nothing more comes."""
        while self._read(QUIET_S):
            pass

    def screen(self) -> str:
        """What a terminal shows now."""
        return "\n".join(self._screen.display)

    def exit_code(self) -> int:
        """Read on until the program ends; its exit code."""
        end = time.monotonic() + PATIENCE_S
        while True:
            self._read(0.1)
            code = self._program.poll()
            if code is not None:
                while self._read(0.1):
                    pass
                return code
            assert time.monotonic() < end, "the program did not end"

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._file], [], [], seconds)
        if not ready:
            return False
        try:
            found = os.read(self._file, 65536)
        except OSError:  # Linux reports the end of the other side so
            return False
        self.written += found
        self._stream.feed(found)
        return bool(found)
