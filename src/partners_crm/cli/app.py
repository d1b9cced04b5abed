"""The command line: finds the command, runs it, and turns whatever happens into one line and an exit code.

Only the module of the command that was typed is imported, so that a check from cron pays for nothing else.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from partners_crm import __version__
from partners_crm.cli import exit_codes
from partners_crm.cli.output import say
from partners_crm.cli.parsing import Parser
from partners_crm.errors import ConfigError, PartnersError, PluginError

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("setup", "create a coalition"),
    "import": ("importing", "import organizations from a file"),
    "export": ("exporting", "export what a query means, or everything, to a file"),
    "find": ("finding", "find records of any kind by beginnings of words"),
    "list": ("listing", "list records"),
    "searches": ("searches", "queries that are saved under a name"),
    "show": ("listing", "show a record with everything around it"),
    "add": ("editing", "add a record"),
    "edit": ("editing", "change a record"),
    "duplicates": ("duplicates", "records that may be one: list, score, merge, or dismiss them"),
    "archive": ("editing", "put an organization or a contact away"),
    "delete": ("editing", "delete a record"),
    "history": ("history", "what was done, or the history of a record"),
    "undo": ("history", "take the last operation back"),
    "redo": ("history", "take the last undo back"),
    "coverage": ("coverage", "which districts have a member, why, and who would close a gap"),
    "check": ("checking", "run the coalition's rules and every check"),
    "districts": ("districts", "district maps, and where points and sites lie"),
    "points": ("points", "addresses out to a geocoder, and its points in"),
    "seats": ("seats", "who holds the seats of the legislature, and loading a roster"),
    "members": ("members", "how the membership grew"),
    "silos": ("silos", "the silos beside each other, and in the districts"),
    "report": ("reports", "pages about the coalition: what the spreadsheet could not tell"),
    "backup": ("backups", "back the coalition up, verified"),
    "restore": ("backups", "list the backups, or put one in the coalition's place"),
    "doctor": ("doctor", "look for faults of the coalition and its files"),
    "recover": ("recovering", "save what is readable of a damaged coalition"),
    "plugins": ("plugins", "list, allow, turn off and examine plugins, and begin one"),
    "config": ("settings", "read and change settings"),
    "where": ("settings", "name every file the program owns"),
    "completion": ("completion", "completion for a shell"),
    "ui": ("screen", "open the terminal UI"),
    "demo": ("screen", "open a demo coalition"),
}
"""Each command, the module of `cli.commands` that holds it, and what it does."""


class Command(Protocol):
    """What a module of `cli.commands` offers."""

    def add_arguments(self, parser: Parser, name: str) -> None:
        """Declare the arguments of a command, or its verbs."""

    def run(self, options: argparse.Namespace) -> int:
        """Carry the command out and return its exit code."""


def run(arguments: Sequence[str], *, is_last: bool = False) -> int:
    """Run a command line; returns its exit code and never raises.

    With `is_last` the process ends after it: plugins that are left behind print nothing among its data until then.
    """
    _prepare_streams()
    _catch_signals()
    debug = "--debug" in arguments
    try:
        for word in arguments:
            _check_word(word)
        code = dispatch(list(arguments))
        if sys.stdout is not None:
            sys.stdout.flush()
    except PartnersError as error:
        _trace(debug)
        if not (isinstance(error, PluginError) and error.is_told):
            say(f"partners: {error.message}")
        if error.hint:
            say(f"  {error.hint}")
        return exit_codes.code_of(error)
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return exit_codes.INTERRUPTED
    except OSError as error:
        _trace(debug)
        say(f"partners: {error.filename or 'the output'} cannot be read or written: {error.strerror}")
        _drop_output()
        return exit_codes.UNAVAILABLE
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else exit_codes.USAGE
    except Exception as error:  # the last line of defence: no traceback reaches a user
        _trace(debug)
        say(f"partners: internal error: {type(error).__name__}")
        say("  run it again with --debug and report what it prints")
        return exit_codes.INTERNAL
    finally:
        if not is_last and (diverted := sys.modules.get("partners_crm.cli.plugin_output")) is not None:
            diverted.give_back()
    return code


def _trace(debug: bool) -> None:
    """Show where an error came from, to who asked for it; the exit code is that of the error all the same."""
    if debug:
        import traceback  # an error is rare

        traceback.print_exc()


def parser_of(name: str) -> Parser:
    """The parser of one command."""
    module, about = COMMANDS[name]
    parser = Parser(prog=f"partners {name}", description=about.capitalize() + ".")
    command(module).add_arguments(parser, name)
    parser.add_common()
    parser.set_defaults(command=name)
    return parser


def command(module: str) -> Command:
    """A module of `cli.commands`."""
    return cast("Command", import_module(f"partners_crm.cli.commands.{module}"))


def overview() -> str:
    """The help of `partners` alone."""
    width = max(map(len, COMMANDS)) + 2
    lines = [f"  {name:{width}}{about}" for name, (_, about) in COMMANDS.items()]
    return "\n".join(
        (
            "usage: partners [--db FILE] [--format table|json|csv] [--no-plugins] COMMAND ...",
            "",
            "The relationship memory of a coalition: members, silos, districts and their gaps.",
            "",
            "commands:",
            *lines,
            "",
            "`partners COMMAND --help` tells more. The database is --db, else PARTNERS_DB, else your own",
            "(see `partners where`). Exit codes: 0 done, 1 findings, 2 usage, 3 cannot decide or bad file,",
            "4 database unavailable, 5 damaged or newer, 6 permission, 7 a plugin failed under --strict-plugins,",
            "70 internal, 130 interrupted.",
        )
    )


def dispatch(arguments: list[str]) -> int:
    """Find the command of a command line and run it; returns its exit code.

    Raises:
        PartnersError: it was refused.
    """
    leading: list[str] = []
    while arguments and arguments[0].startswith("-"):
        word = arguments.pop(0)
        if word in {"-h", "--help"}:
            from partners_crm.cli.commands import of_plugin  # the help names the commands of plugins too

            print(overview() + of_plugin.overview(leading))
            return exit_codes.DONE
        if word == "--version":
            print(f"partners {__version__}")
            return exit_codes.DONE
        leading.append(word)
        if word in {"--db", "--format", "--plugins-dir"}:
            if not arguments:
                raise ConfigError(f"{word} needs a value", "see: partners --help")
            leading.append(arguments.pop(0))
    if not arguments:
        print(overview())
        return exit_codes.USAGE if leading else exit_codes.DONE
    name = arguments.pop(0)
    if name not in COMMANDS or (name == "report" and FIRST_LOOK not in arguments):
        from partners_crm.cli.commands import of_plugin

        end = arguments.index("--") if "--" in arguments else len(arguments)
        return _carry_out(*of_plugin.found(name, [*arguments[:end], *leading, *arguments[end:]]))
    # What stands before the command is read after it: a verb takes the common options, and its command none.
    guarded = [_GUARD + word if name in _QUERIES and _negated(word) else word for word in arguments]
    end = guarded.index("--") if "--" in guarded else len(guarded)
    options = parser_of(name).parse([*guarded[:end], *leading, *guarded[end:]])
    if name in _QUERIES:
        for key, value in vars(options).items():
            if isinstance(value, str):
                setattr(options, key, value.removeprefix(_GUARD))
            elif isinstance(value, list):
                setattr(options, key, [word.removeprefix(_GUARD) for word in value])
    return _carry_out(command(COMMANDS[name][0]), options)


def _carry_out(asked: Command, options: argparse.Namespace) -> int:
    """Run a command; a plugin that failed on the way is its exit code where that was asked for."""
    try:
        code = asked.run(options)
    except PluginError as error:
        if not _failed_strictly(options):
            raise
        if not error.is_told:
            say(f"partners: {error.message}")
        return exit_codes.PLUGIN
    finally:
        if (registry := getattr(options, "registry", None)) is not None:
            registry.close()
    return exit_codes.PLUGIN if code <= exit_codes.FINDINGS and _failed_strictly(options) else code


def _failed_strictly(options: argparse.Namespace) -> bool:
    """Whether a plugin failed, and that is what the exit code should say."""
    registry = getattr(options, "registry", None)
    if registry is None or not registry.failures:
        return False
    from partners_crm.cli.plugins import is_strict  # a command that loaded no plugin does without

    return is_strict(options)


FIRST_LOOK = "first-look"
"""The report of the core: for it no plugin is loaded."""
_QUERIES = frozenset({"list", "searches"})
"""Commands whose words may be a query."""
_GUARD = "\ufdd0"
"""Stands before a negated term while argparse reads the words: no text begins with it, for it is no character."""


def _negated(word: str) -> bool:
    """Whether a word is a negated term of a query, which argparse would take for options."""
    return word.startswith("-") and not word.startswith("--") and word not in {"-", "-h"}


def _check_word(word: str) -> None:
    try:
        word.encode()
    except UnicodeEncodeError:
        raise ConfigError(f"{word} is not UTF-8 text", "write it in UTF-8, or rename the file") from None


def _drop_output() -> None:
    # The reader has gone, or the disk is full; whatever Python still wants to flush goes nowhere.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _prepare_streams() -> None:
    # Who starts it without a stream gets one that leads nowhere, before another file is given its number.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  # it stays open
    # A terminal in the C locale shows escapes instead of failing on the first accent.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _catch_signals() -> None:
    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
