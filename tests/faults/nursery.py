"""Real processes at little cost: one program that has everything loaded, and forks a child for each piece of work.

The program (`python -m tests.faults.nursery`) reads an order a line, forks, and says how the child ended. It opens no
database itself, so that each child is as fresh as a command that was just started. `Nursery` is its other end.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
WRITE, SYNC, CUT, RENAME, MAKE, DROP = 1, 2, 4, 8, 16, 32
ALL = WRITE | SYNC | CUT | RENAME | MAKE | DROP
GROWING = WRITE | SYNC | CUT | MAKE
"""The kinds of calls that a full disk refuses."""
COUNT, FAIL_ONCE, FAIL_FROM, DIE_BEFORE, DIE_HALFWAY, DIE_AFTER = range(6)
LIMIT = 60.0
"""Seconds after which a child is taken to hang."""
_BOARD = struct.Struct("@lll512s512s")
WITHOUT_POWERS = (
    "import ctypes, os, sys\n"
    "for number in (1, 2, 3):\n"  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER
    "    ctypes.CDLL(None).prctl(24, number, 0, 0, 0)\n"  # PR_CAPBSET_DROP
    "os.execv(sys.argv[1], sys.argv[1:])\n"
)
"""A program that starts another one which file modes stop, even for the administrator: `exec` gives a process no power
that is outside its bounding set. Who has no such powers anyway is refused the dropping of them, and needs none."""


def powerless(words: list[str]) -> list[str]:
    """A command line that runs another one without the administrator's powers over files."""
    return [sys.executable, "-I", "-S", "-c", WITHOUT_POWERS, *words]


@dataclass(frozen=True)
class Arming:
    """What the preloaded library is to do in a child (see shim.c)."""

    folder: Path
    number: int = 0
    how: int = COUNT
    kinds: int = ALL
    error: int = 0


@dataclass(frozen=True)
class Ended:
    """How a child ended."""

    code: int
    """Its exit code; the negative number of the signal that killed it."""
    seconds: float
    hung: bool
    out: str
    err: str
    calls: int
    """How many calls the preloaded library counted."""
    failed: int
    """How many of them it made to fail."""
    inside: bool
    """Whether it ended within one of them."""
    last: str
    """The last of them: its name and file."""
    first_failed: str
    """The first that was made to fail."""


class Nursery:
    """The program of this module, started and spoken to."""

    def __init__(self, scratch: Path, shim: Path | None, around: Callable[[list[str]], list[str]] = list) -> None:
        self.scratch, self.shim, self._number = scratch, shim, 0
        scratch.mkdir(parents=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PARTNERS_", "XDG_"))}
        variables = {**kept, "HOME": str(scratch), "PYTHONPATH": str(ROOT)}
        if shim is not None:
            variables["LD_PRELOAD"] = str(shim)
        self.process = subprocess.Popen(
            around([sys.executable, "-m", "tests.faults.nursery"]),
            cwd=ROOT,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._orders, self._answers = self.process.stdin, self.process.stdout

    def run(self, work: str, *, kill_after: float | None = None, arm: Arming | None = None, **rest: Any) -> Ended:
        """Have a child do a work of `tests.faults.works` to its end, or kill it after some seconds."""
        child = self.start(work, arm=arm, **rest)
        return self.wait(child, LIMIT if kill_after is None else kill_after, kill=kill_after is not None)

    def start(self, work: str, *, arm: Arming | None = None, umask: int | None = None, **arguments: Any) -> Child:
        """Have a child begin a work, and go on."""
        self._number += 1
        base = self.scratch / f"{self._number}"
        order = {
            "work": work,
            "base": str(base),
            "arguments": {name: _plain(value) for name, value in arguments.items()},
            "umask": umask,
            "arm": None
            if arm is None or self.shim is None
            else [str(arm.folder.resolve()), arm.kinds, arm.how, arm.number, arm.error],
        }
        for suffix in ("out", "err"):
            Path(f"{base}.{suffix}").touch()  # a child that is killed at once leaves them empty
        return Child(int(self._ask(order)["process"]), base)

    def wait(self, child: Child, seconds: float = LIMIT, *, kill: bool = False) -> Ended:
        """Wait for a child, and kill it when the time is over: on purpose, or because it hangs."""
        answer = self._ask({"wait": child.process, "seconds": seconds}, seconds)
        board = Path(f"{child.base}.board")
        calls, failed, inside, last, first = 0, 0, 0, b"", b""
        # A child that is killed while it makes its board leaves one that is too short to say anything.
        if board.exists() and len(told := board.read_bytes()) >= _BOARD.size:
            calls, failed, inside, last, first = _BOARD.unpack(told[: _BOARD.size])
        ended = Ended(
            code=int(answer["code"]),
            seconds=float(answer["seconds"]),
            hung=bool(answer["late"]) and not kill,
            out=child.out,
            err=child.err,
            calls=calls,
            failed=failed,
            inside=bool(inside),
            last=last.split(b"\0", 1)[0].decode(),
            first_failed=first.split(b"\0", 1)[0].decode(),
        )
        for suffix in ("out", "err", "board"):
            Path(f"{child.base}.{suffix}").unlink(missing_ok=True)
        return ended

    def close(self) -> None:
        """End the program, and every child with it."""
        self._orders.close()
        try:
            self.process.wait(LIMIT)
        finally:
            self.process.kill()
            self._answers.close()

    def _ask(self, order: dict[str, Any], seconds: float = 0) -> dict[str, Any]:
        self._orders.write(json.dumps(order) + "\n")
        self._orders.flush()
        ready, _, _ = select.select([self._answers], [], [], seconds + LIMIT)
        line = self._answers.readline() if ready else ""
        if not line:
            raise RuntimeError(f"the nursery does not answer to {order}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@dataclass(frozen=True)
class Child:
    """A child at work."""

    process: int
    base: Path

    @property
    def out(self) -> str:
        """What it printed so far."""
        return Path(f"{self.base}.out").read_text("utf-8", "replace")

    @property
    def err(self) -> str:
        """What it said so far."""
        return Path(f"{self.base}.err").read_text("utf-8", "replace")

    def said(self, word: str, seconds: float = LIMIT) -> float:
        """Wait until it printed or said a word; gives the seconds that took."""
        begun = time.monotonic()
        while word not in self.out + self.err:
            if time.monotonic() - begun > seconds:
                raise AssertionError(f"{word!r} was not said in {seconds} seconds: {self.out}{self.err}")
            time.sleep(0.01)
        return time.monotonic() - begun


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value


# -------------------------------------------------------------------------------------------------- the program


def main() -> None:
    """Read orders until there are none; then end what still runs."""
    from tests.faults import works

    works.load()
    gc.collect()
    gc.freeze()
    begun: dict[int, float] = {}
    for line in sys.stdin:
        order = json.loads(line)
        if "work" in order:
            child = os.fork()
            if child == 0:
                _live(order)
            begun[child] = time.monotonic()
            answer: dict[str, Any] = {"process": child}
        else:
            answer = _see_off(order["wait"], begun.pop(order["wait"]), order["seconds"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for child in begun:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _see_off(child: int, begun: float, seconds: float) -> dict[str, Any]:
    watched = os.pidfd_open(child)
    try:
        poller = select.poll()
        poller.register(watched, select.POLLIN)
        # poll counts milliseconds; the rest of one decides within which call a kill lands.
        end = begun + seconds
        late = not poller.poll(max(0, int((end - time.monotonic()) * 1000)))
        if late:
            time.sleep(max(0.0, end - time.monotonic()))
            os.kill(child, signal.SIGKILL)
    finally:
        os.close(watched)
    _, status = os.waitpid(child, 0)
    return {"code": os.waitstatus_to_exitcode(status), "seconds": time.monotonic() - begun, "late": late}


def _live(order: dict[str, Any]) -> None:
    code = 70
    try:
        from tests.faults import works

        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        for number, path in ((0, os.devnull), (1, order["base"] + ".out"), (2, order["base"] + ".err")):
            opened = os.open(path, flags if number else os.O_RDONLY, 0o600)
            os.dup2(opened, number)
            os.close(opened)
        if order["umask"] is not None:
            os.umask(order["umask"])
        if order["arm"] is not None:
            folder, kinds, how, number, error = order["arm"]
            board = order["base"] + ".board"
            assert (
                ctypes.CDLL(None).shim_arm(
                    os.fsencode(folder), os.fsencode(board), kinds, how, ctypes.c_long(number), error
                )
                == 0
            )
        code = works.WORKS[order["work"]](**order["arguments"])
        sys.stdout.flush()
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
