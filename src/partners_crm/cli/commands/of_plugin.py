"""Commands and reports that plugins bring: their parsers, made from what they declare, and their answers, printed.

A report stands among the verbs of `partners report`, beside those of the core. Two plugins that bring one name are told
apart by theirs: `partners acme.dues list`, `partners report acme.dues`.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from partners_crm.cli import exit_codes
from partners_crm.cli.brought import bring
from partners_crm.cli.coalition import back_up_daily, to_read, to_write
from partners_crm.cli.output import out, out_csv, out_json, out_table, say
from partners_crm.cli.parsing import Parser, day_of
from partners_crm.cli.plugins import policy_of, registry_of
from partners_crm.errors import Ambiguous, ConfigError, NotFound, PartnersError
from partners_crm.normalize.text import few, show
from partners_crm.plugins.binding import named, refuse, run_owned, usable
from partners_crm.plugins.headless import Command, Option, Outcome, Report, Sheet
from partners_crm.plugins.policy import Owned
from partners_crm.plugins.registry import PluginRegistry

SCHEMA_VERSION = 1
REPORT = "report"
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
"""A value that can stand in the usage of a command."""
_OWN = "own "
"""Stands before the names of a plugin's options among those of the command: none of ours has a blank."""


@dataclass(slots=True)
class Asked:
    """A command line of a plugin that was read: what it runs."""

    owned: Owned[Any]
    what: str
    """As it was typed: dues list."""
    run_it: Callable[[Any, Mapping[str, str]], Outcome]
    options: tuple[Option, ...]
    writes: bool = False
    private: bool = False
    is_sound: bool = True
    """Whether its options can be typed."""

    def run(self, options: argparse.Namespace) -> int:
        """Carry it out and return its exit code."""
        if not self.is_sound:
            message = f"{self.what}: the plugin {self.owned.owner.plugin} declares options that cannot be"
            raise ConfigError(message, "see: partners plugins doctor")
        if self.private and not options.include_private:
            raise ConfigError(f"{self.what} shows what is for staff only", "say that you want it: --include-private")
        as_of = day_of(options.as_of) if getattr(options, "as_of", "") else None
        given = {each.name: _text(getattr(options, _OWN + each.name)) for each in self.options}
        with to_write(options) if self.writes else to_read(options) as crm:
            registry = registry_of(options, crm=crm)
            bring(crm, self.owned.owner.plugin, missing=False)
            outcome = run_owned(registry, self.owned, self.run_it, given, as_of=as_of)
            if self.writes:
                back_up_daily(crm)
        left_out = False
        if self.private:
            say("for staff only: this shows what is not for everyone")
        elif not getattr(options, "include_private", False):
            outcome, left_out = for_everyone(outcome, options.format)
        private = self.private or any(sheet.private for sheet in outcome.sheets)
        how = {"plugin": self.owned.owner.plugin, "command": self.what, "private": private, "left_out": left_out}
        write(outcome, options.format, how)
        return (
            exit_codes.FINDINGS if outcome.findings else exit_codes.UNDECIDED if outcome.undecided else exit_codes.DONE
        )


@dataclass(slots=True)
class Refused:
    """A word that is no command."""

    error: PartnersError

    def run(self, _options: argparse.Namespace) -> int:
        """Refuse it."""
        raise self.error


@dataclass(slots=True)
class _Read:
    """A parser, and what each of its verbs runs; a verb that is not among them is the core's."""

    parser: Parser
    verbs: dict[str, Asked] = field(default_factory=dict)
    whole_names: dict[str, str] = field(default_factory=dict)
    """The verb that a whole name means: acme.dues."""


def found(name: str, words: Sequence[str]) -> tuple[Any, argparse.Namespace]:
    """What runs a command line that is none of the core's, and its options.

    Raises:
        SystemExit: the words are no command line of it, or help was asked for.
        ConfigError: what was said about plugins cannot be read.
    """
    before = _common(words)
    registry = registry_of(before)
    try:
        read = reports_parser(registry) if name == REPORT else _command(registry, name)
    except (NotFound, Ambiguous) as error:
        return Refused(error), before
    try:
        options = read.parser.parse(_known(words, read))
    except SystemExit:
        registry.close()
        raise
    options.registry, options.command = registry, name
    if name == REPORT and options.verb not in read.verbs:
        from partners_crm.cli.commands import reports  # one of the core's, typed in an unusual place

        return reports, options
    return read.verbs[options.verb], options


def _known(words: Sequence[str], read: _Read) -> list[str]:
    """The words with the verb as its parser knows it: a report may be called by its whole name."""
    place = next((place for place, word in enumerate(words) if word in read.verbs or word in read.whole_names), None)
    if place is None or words[place] in read.verbs:
        return list(words)
    return [*words[:place], read.whole_names[words[place]], *words[place + 1 :]]


def _common(words: Sequence[str]) -> argparse.Namespace:
    """The options that every command has, read before it is known which others there are."""
    parser = Parser(prog="partners", add_help=False, allow_abbrev=False)
    parser.add_common()
    for action in parser._actions:
        action.choices = None  # which there are, the command knows
    return parser.parse_known_args(list(words))[0]


# -------------------------------------------------------------------- what there is


def commands_of(registry: PluginRegistry) -> tuple[Owned[Command], ...]:
    """Every command of a plugin that can be typed; one with the name of a command of the core is a failure."""
    from partners_crm.cli.app import COMMANDS  # it finds this module by its name

    def fault(item: Command) -> str:
        if item.name in COMMANDS:
            return f"it brings a command {item.name}, which is one of the program's own"
        return "" if item.verbs else f"it brings a command {item.name} without verbs"

    return usable(registry, registry.commands(), fault)


def reports_of(registry: PluginRegistry) -> tuple[Owned[Report], ...]:
    """Every report of a plugin that can be typed."""
    ours = set(_core_reports().verbs)
    return usable(
        registry,
        registry.reports(),
        lambda item: f"it brings a report {item.name}, which is one of the program's own" if item.name in ours else "",
    )


def overview(leading: Sequence[str]) -> str:
    """The plugins' commands for the help of `partners`, with whose they are; "" where there are none.

    Nobody is asked anything here, and what cannot be looked at is said.
    """
    try:
        registry = unasked(_common(leading))
        known = commands_of(registry)
        registry.close()
    except PartnersError as error:
        say(f"partners: {error}")
        return ""
    if not known:
        return ""
    typed = _typed(known)
    width = max(map(len, typed)) + 2
    lines = [f"  {name:{width}}{show(each.item.about)} ({each.owner.plugin})" for name, each in typed.items()]
    return "\n".join(("", "", "commands of plugins:", *lines))


def unasked(options: argparse.Namespace) -> PluginRegistry:
    """The plugins of a run in which nobody is asked about new ones: for help, and for scripts of a shell."""
    registry = PluginRegistry(replace(policy_of(options), ask=None), word=lambda text: say(f"partners: {text}"))
    options.registry = registry
    return registry


def _typed(items: Sequence[Owned[Any]]) -> dict[str, Owned[Any]]:
    """Each description by the shortest word that means it alone."""
    times = [each.item.name for each in items]
    return {each.item.name if times.count(each.item.name) == 1 else each.full_name: each for each in items}


def command_parser(registry: PluginRegistry, owned: Owned[Command], name: str = "") -> _Read:
    """The parser of a command; `name` is the word that was typed."""
    name = name or owned.item.name
    read = _Read(Parser(prog=f"partners {name}", description=_described(owned.item.about)))
    for verb in owned.item.verbs:
        _verb(read.parser, verb.name, verb.about)
        read.verbs[verb.name] = Asked(owned, f"{name} {verb.name}", verb.run, verb.options, writes=verb.writes)
    read.parser.add_common()
    _with_options(registry, read)
    return read


def command_parsers(registry: PluginRegistry) -> dict[str, Parser]:
    """The parser of every command of a plugin, by the shortest word that means it."""
    known = _typed(commands_of(registry))
    return {word: command_parser(registry, owned, word).parser for word, owned in known.items()}


def _command(registry: PluginRegistry, name: str) -> _Read:
    try:
        owned = named(commands_of(registry), name, "command")
    except NotFound:
        raise NotFound(f"there is no command {name}", _hint(registry, name)) from None
    return command_parser(registry, owned, name)


def _hint(registry: PluginRegistry, name: str) -> str:
    """What a word that is no command could be: the name of a plugin, in use or not."""
    plugin = registry.plugin(name.partition(".")[0])
    if plugin is None:
        return "see: partners --help"
    if plugin.status == "loaded":
        known = few([each.full_name for each in commands_of(registry) if each.owner.plugin == plugin.name], 20)
        return f"the plugin {plugin.name} brings {known or 'no command'}; see: partners --help"
    return f"the plugin {plugin.name} is not in use: {plugin.status}; see: partners plugins list"


def _core_reports() -> Parser:
    from partners_crm.cli.app import COMMANDS
    from partners_crm.cli.commands import reports

    parser = Parser(prog=f"partners {REPORT}", description=f"{COMMANDS[REPORT][1].capitalize()}.")
    reports.add_arguments(parser, REPORT)
    return parser


def reports_parser(registry: PluginRegistry) -> _Read:
    """The parser of `partners report` with the reports of plugins."""
    read = _Read(_core_reports())
    for word, owned in _typed(reports_of(registry)).items():
        item = owned.item
        _verb(read.parser, word, f"{item.title} ({owned.owner.plugin})")
        read.verbs[word] = Asked(owned, f"{REPORT} {word}", item.run, item.options, private=item.private)
        read.whole_names[owned.full_name] = word
    read.parser.add_common()
    _with_options(registry, read)
    return read


def _with_options(registry: PluginRegistry, read: _Read) -> None:
    """Add what the verbs of plugins declare to their parsers; a verb whose options cannot be is left out, named."""
    for word, asked in list(read.verbs.items()):
        parser = read.parser.verbs[word]
        if asked.private:
            parser.add_argument("--include-private", action="store_true", help="show what is for staff only")
        elif isinstance(asked.owned.item, Command):
            # Of a verb it is seen from its answer whether anything in it is for staff only.
            parser.add_argument("--include-private", action="store_true", help="in JSON and CSV too, what is for staff")
        if all(option.name != "as-of" for option in asked.options):
            parser.add_argument(
                "--as-of", default="", metavar="DATE", help="the day that is asked about (default today)"
            )
        try:
            for option in asked.options:
                _add(parser, option)
        except (argparse.ArgumentError, ValueError) as error:
            refuse(registry, asked.owned, f"it has an option of {asked.what} that cannot be: {_why(error)}")
            read.verbs[word] = replace(asked, options=(), is_sound=False)


def _why(error: Exception) -> str:
    return str(error).replace(_OWN, "")


def _add(parser: Parser, option: Option) -> None:
    help_text = option.help
    metavar: str | None = "TEXT" if not option.is_word else option.name.upper()
    more: dict[str, Any] = {}
    if option.choices:
        more["choices"] = option.choices
        if all(map(_PLAIN.fullmatch, option.choices)) and not option.is_word:
            metavar = None  # they are shown in its place
        else:
            help_text = f"{help_text}; one of: {', '.join(option.choices)}"
    more["help"] = _plain(help_text)
    if option.is_word:
        # A word in place: its own name is shown, and nothing else can have it.
        count = None if option.required else "?"
        parser.add_argument(_OWN + option.name, metavar=metavar, nargs=count, default=option.default, **more)
    elif option.is_flag:
        parser.add_argument(f"--{option.name}", dest=_OWN + option.name, action="store_true", help=more["help"])
    else:
        parser.add_argument(
            f"--{option.name}",
            dest=_OWN + option.name,
            default=option.default,
            required=option.required,
            metavar=metavar,
            **more,
        )


def _verb(parser: Parser, name: str, about: str) -> None:
    parser.verb(name, _plain(about)).description = _described(about)


def _plain(text: str) -> str:
    """A text of a plugin in the help of a command: one line, of which argparse fills nothing in."""
    return show(text).replace("%", "%%") or "(the plugin does not say)"


def _described(text: str) -> str:
    """The same in a description, in which argparse fills in the name of the program alone."""
    return show(text).replace("%(prog)", "% (prog)")


def _text(value: object) -> str:
    return ("yes" if value else "") if isinstance(value, bool) else str(value if value is not None else "")


# -------------------------------------------------------------------- the answer


def for_everyone(outcome: Outcome, form: str) -> tuple[Outcome, bool]:
    """The answer without what is for staff only, where it is data that goes elsewhere, and whether there was some.

    A table is for whoever sits before it: it is whole, and marked.
    """
    private = [name for sheet in outcome.sheets for name in ((sheet.title,) if _is_private(sheet) else sheet.private)]
    if not private:
        return outcome, False
    named = ", ".join(dict.fromkeys(private))
    if form == "table":
        say(f"for staff only: {named}")
        return outcome, False
    say(f"left out, for not everyone may see it: {named} (--include-private takes it along)")
    kept = tuple(_public(sheet) for sheet in outcome.sheets if not _is_private(sheet))
    return replace(outcome, sheets=kept), True


def _is_private(sheet: Sheet) -> bool:
    return bool(sheet.columns) and not set(sheet.columns) - set(sheet.private)


def _public(sheet: Sheet) -> Sheet:
    places = [place for place, column in enumerate(sheet.columns) if column not in sheet.private]
    return replace(
        sheet,
        columns=tuple(sheet.columns[place] for place in places),
        rows=tuple(tuple(row[place] for place in places) for row in sheet.rows),
        private=(),
    )


def write(outcome: Outcome, form: str, how: Mapping[str, Any]) -> None:
    """Print the answer of a plugin, its sheets as data, its notes as words; `how` it came about stands in JSON."""
    if form == "json":
        out_json(as_json(outcome, how))
    elif form == "csv":
        headers, rows = as_table(outcome.sheets)
        if headers:
            out_csv(headers, rows)
    else:
        for number, sheet in enumerate(outcome.sheets):
            if number:
                out()
            _print(sheet)
    for note in outcome.notes:
        for line in note.splitlines() or [""]:
            say(line)


def as_json(outcome: Outcome, how: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a plugin as plain data."""
    return {
        "schema_version": SCHEMA_VERSION,
        **how,
        "findings": outcome.findings,
        "undecided": outcome.undecided,
        "sheets": [
            {
                "title": sheet.title,
                "note": sheet.note,
                "columns": list(sheet.columns),
                "rows": [dict(zip(sheet.columns, row, strict=True)) for row in sheet.rows],
            }
            for sheet in outcome.sheets
        ],
        "notes": list(outcome.notes),
    }


def as_table(sheets: Sequence[Sheet]) -> tuple[list[str], list[list[Any]]]:
    """The sheets as one table: of several, the columns of all, and in front the title of the one a row is of."""
    if len(sheets) == 1:
        return list(sheets[0].columns), [[_cell(cell) for cell in row] for row in sheets[0].rows]
    columns = list(dict.fromkeys(column for sheet in sheets for column in sheet.columns))
    rows = []
    for sheet in sheets:
        for row in sheet.rows:
            cells = dict(zip(sheet.columns, row, strict=True))
            rows.append([sheet.title, *(_cell(cells.get(column)) for column in columns)])
    return (["sheet", *columns] if sheets else []), rows


def _cell(value: object) -> object:
    return ("yes" if value else "no") if isinstance(value, bool) else value


def _print(sheet: Sheet) -> None:
    if sheet.title:
        out(sheet.title)
    for line in sheet.note.splitlines():
        out(line)
    if not sheet.rows:
        out("nothing")
        return
    right = frozenset(number for number in range(len(sheet.columns)) if _are_numbers(row[number] for row in sheet.rows))
    out_table([show(column) for column in sheet.columns], [[_cell(cell) for cell in row] for row in sheet.rows], right)


def _are_numbers(cells: Iterable[object]) -> bool:
    told = [cell for cell in cells if cell is not None]
    return bool(told) and all(isinstance(cell, (int, float)) and not isinstance(cell, bool) for cell in told)
