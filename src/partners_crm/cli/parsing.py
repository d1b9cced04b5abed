"""How a command line is read: parsers whose words pass the display door, the common options, and commands of verbs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NoReturn, cast

from partners_crm.cli import exit_codes
from partners_crm.cli.output import FORMATS, say
from partners_crm.errors import InvalidValue

HELP_WIDTH = 100
"""Characters of a line of help at most."""


class Parser(argparse.ArgumentParser):
    """argparse whose words pass the display door, and which may have verbs: `partners coverage check`."""

    def __init__(self, *arguments: Any, formats: Sequence[str] = FORMATS, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.formats = formats
        """What `--format` can be."""
        self.verbs: dict[str, Parser] = {}
        self._verbs: Any = None
        self.terms_anywhere = False
        """Whether options may stand between the words of a query."""

    def verb(self, name: str, about: str, formats: Sequence[str] = FORMATS) -> Parser:
        """The parser of a verb; its name is in `options.verb`."""
        if self._verbs is None:
            self._verbs = self.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=Parser)
            self.epilog = f"`{self.prog} VERB --help` tells more."
        made = self._verbs.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.", formats=formats)
        self.verbs[name] = cast("Parser", made)
        return self.verbs[name]

    def parse(self, words: list[str]) -> argparse.Namespace:
        """The options of a command line; the verb may stand behind common options."""
        if self.verbs and not {"-h", "--help"} & set(words[:1]):
            place = next((place for place, word in enumerate(words) if word in self.verbs), None)
            if place is None:
                named = next((word for word in words[:1] if not word.startswith("-")), "")
                self.error(f"{f'there is no verb {named}' if named else 'which verb?'}: one of {', '.join(self.verbs)}")
            words = [words[place], *words[:place], *words[place + 1 :]]
        return self.parse_intermixed_args(words) if self.terms_anywhere else self.parse_args(words)

    def leaves(self) -> Iterator[tuple[str, Parser]]:
        """Every parser that takes arguments, with the verb that leads to it; "" where there are no verbs."""
        yield from self.verbs.items() if self.verbs else [("", self)]

    def add_common(self) -> None:
        """Add the options that every command has."""
        for _, leaf in self.leaves():
            common = leaf.add_argument_group("common options")
            common.add_argument("--db", metavar="FILE", help="the coalition's database")
            common.add_argument("--format", choices=leaf.formats, default="table", help="how data is printed")
            common.add_argument("--debug", action="store_true", help="show the traceback of an error")
            common.add_argument(
                "--plugins-dir", metavar="DIR", action="append", default=[], help="load the plugins of a folder too"
            )
            common.add_argument("--no-plugins", action="store_true", help="load no plugin: the safe mode")
            common.add_argument("--strict-plugins", action="store_true", help="exit with 7 when a plugin failed")

    def _get_formatter(self) -> argparse.HelpFormatter:
        # argparse asks for one with every argument; measuring the terminal loads four compression libraries.
        return argparse.HelpFormatter(self.prog, width=_help_width())

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the usage and exit."""
        say(f"{self.prog}: {message}")
        say(f"see: {self.prog} --help")
        sys.exit(exit_codes.USAGE)


def add_private(parser: argparse.ArgumentParser) -> None:
    """Add the option of a command that prints what is for staff as a table, and as data only when asked."""
    parser.add_argument("--include-private", action="store_true", help="as json and csv too what is for staff")


def leaves_private_out(options: argparse.Namespace) -> bool:
    """Whether what is printed may go anywhere, and nobody asked for what is for staff."""
    return options.format != "table" and not options.include_private


def whole_number(text: str) -> int:
    """The whole number an argument means.

    Raises:
        argparse.ArgumentTypeError: it means none.
    """
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None


def number(text: str) -> float:
    """The number an argument means.

    Raises:
        argparse.ArgumentTypeError: it means none.
    """
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None


def day_of(text: str, option: str = "--as-of") -> date:
    """The day an option names.

    Raises:
        InvalidValue: it is no day of the calendar.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidValue(option, text, "is no date", "write it as 2026-11-24") from None


def _help_width() -> int:
    try:
        return min(os.get_terminal_size(sys.stdout.fileno()).columns, HELP_WIDTH) - 2
    except (OSError, ValueError, AttributeError):
        return HELP_WIDTH - 2
