"""How long the terminal UI takes to its first useful frame, against the smallest Textual app.

Both sides run in a pseudo-terminal of 80 columns and 24 rows with TERM=xterm-256color. The one side is
`partners --db FILE ui` on a coalition of 650 organizations, from the start of the process until the name of the first
organization of the list has come out of the terminal. The other side is a Textual app of one Static, from the start of
its process until its word has come out. The bytes are searched without their escape sequences, as they arrive; then
the program is killed. Wall time decides; the CPU time of the processes until then is printed beside it.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import measuring
from bench.measuring import CannotMeasure, Cost, Figure

ROUNDS = 9
LIMIT = 1.5
SIZE = (24, 80)
PATIENCE_S = 60.0
WORD = "smallest"
MINIMAL = f"""
from textual.app import App
from textual.widgets import Static
class Minimal(App):
    def compose(self):
        yield Static({WORD!r})
Minimal().run()
"""
_ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # control sequences
    rb"|[P\]_^X][^\x1b\x07]*(?:\x07|\x1b\\)"  # strings up to their end
    rb"|[ -/]*[0-OQ-WYZ\\`-~])"  # short ones
)


def first_paint(words: list[str], awaited: str) -> Cost:
    """The cost of a program in a terminal from its start until it has written a word.

    Raises:
        CannotMeasure: it ended, or a minute passed, without that word.
    """
    rows, columns = SIZE
    wanted = awaited.encode()
    environment = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS", "LINES"}}
    environment.update(TERM="xterm-256color", LANG="C.UTF-8")
    # The size is set before the program starts: it must not repaint for it.
    above, below = pty.openpty()
    fcntl.ioctl(below, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.ttyname(below), os.O_RDWR, 0)]
    actions.extend((os.POSIX_SPAWN_DUP2, 0, stream) for stream in (1, 2))  # type: ignore[misc]  # shapes differ by kind
    start = time.perf_counter()
    child = os.posix_spawn(words[0], words, environment, file_actions=actions, setsid=True)
    os.close(below)
    seen, painted = b"", None
    try:
        while painted is None and (data := _read(above, start + PATIENCE_S)):
            seen += data
            if wanted in _ESCAPES.sub(b"", seen):
                painted = time.perf_counter() - start
    finally:
        os.kill(child, signal.SIGKILL)
        usage = os.wait4(child, 0)[2]
        os.close(above)
    if painted is None:
        last = _ESCAPES.sub(b" ", seen).decode("utf-8", "replace").split()
        raise CannotMeasure(f"{' '.join(words)[:120]} did not show {awaited!r}, but: {' '.join(last)[-600:]}")
    return Cost(painted, usage.ru_utime + usage.ru_stime)


def _read(terminal: int, until: float) -> bytes:
    """What comes out of a terminal next; nothing at its end, or when it is too late."""
    if not select.select([terminal], [], [], max(0.0, until - time.perf_counter()))[0]:
        return b""
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux: the program has closed its side
        return b""


def measure(folder: Path, rounds: int) -> list[Figure]:
    """The figure."""
    from partners_crm.crm import Crm

    path = measuring.coalition(folder)
    with Crm.open(path) as crm:
        first = crm.organizations()[0].name
    ours = [str(measuring.command()), "--db", str(path), "ui"]
    minimal = [measuring.PYTHON, "-c", MINIMAL]
    costs = measuring.interleave(
        {"minimal": lambda: first_paint(minimal, WORD), "ours": lambda: first_paint(ours, first)}, rounds
    )
    what = f"first paint, {measuring.ORGANIZATIONS} organizations / the smallest Textual app"
    return [measuring.figure(what, costs["ours"], costs["minimal"], LIMIT)]


if __name__ == "__main__":
    measuring.run(measuring.options(__doc__, ROUNDS), measure)
