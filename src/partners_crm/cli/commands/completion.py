"""`partners completion`: completion scripts, made from the parsers themselves."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Mapping

from partners_crm.cli import exit_codes
from partners_crm.cli.parsing import Parser
from partners_crm.errors import PartnersError
from partners_crm.model import ENTITIES, Table
from partners_crm.services.doctor import CHECKS

SHELLS = ("bash", "zsh", "fish")
_PLAIN = re.compile(r"[A-Za-z0-9@%+=:,./_-]+")
_WITH_ENTITY = {"show", "add", "edit", "archive", "delete", "history"}


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the arguments of `completion`."""
    parser.add_argument("shell", choices=SHELLS)


def run(options: argparse.Namespace) -> int:
    """Print the completion script of a shell."""
    parsers = _parsers(options)
    # Our own words, and of plugins those that no shell reads anything into.
    print(
        {"bash": _bash, "zsh": _zsh, "fish": _fish}[options.shell](
            _words(parsers, _entities(options)), _values(parsers)
        )
    )
    return exit_codes.DONE


def _parsers(options: argparse.Namespace) -> dict[str, Parser]:
    """The parser of each command, those of plugins too, as they are when the script is made."""
    # Imported here, because the table of commands imports this module by its name.
    from partners_crm.cli.app import COMMANDS, parser_of
    from partners_crm.cli.commands import of_plugin

    registry = of_plugin.unasked(options)
    found = {name: parser_of(name) for name in COMMANDS}
    found[of_plugin.REPORT] = of_plugin.reports_parser(registry).parser
    return found | of_plugin.command_parsers(registry)


def _entities(options: argparse.Namespace) -> tuple[type[Table], ...]:
    """The entities of the coalition as it is when the script is made; the core's where there is none."""
    from partners_crm.cli.coalition import to_read

    try:
        with to_read(options) as crm:
            return crm.db.entities
    except PartnersError:
        return ENTITIES


def _words(parsers: Mapping[str, Parser], entities: Iterable[type[Table]]) -> dict[str, list[str]]:
    """For each command, the words that may follow it."""
    found = {}
    for name, whole in parsers.items():
        words = []
        for verb, parser in whole.leaves():
            words += [verb] if verb else []
            for action in parser._actions:
                words += [word for word in action.option_strings if word.startswith("--") and word not in words]
                if not action.option_strings and action.choices:
                    words += [str(choice) for choice in action.choices]
        if name == "list":
            words += [table.entity.plural for table in entities]
        elif name == "doctor":
            words += [check.name for check in CHECKS]
        elif name in _WITH_ENTITY:
            words += [table.entity.name for table in entities]
        found[name] = _plain(words)
    return found


def _values(parsers: Mapping[str, Parser]) -> dict[str, list[str]]:
    """For "COMMAND OPTION" that takes one of a few values, those values; an empty list is a file."""
    found: dict[str, list[str]] = {"* --db": [], "* --plugins-dir": []}
    for name, whole in parsers.items():
        for _, parser in whole.leaves():
            for action in parser._actions:
                if action.option_strings and (some := _plain(map(str, action.choices or ()))):
                    values = found.setdefault(f"{name} {action.option_strings[-1]}", [])
                    values += [each for each in some if each not in values]
    return found


def _plain(words: Iterable[str]) -> list[str]:
    """The words that a shell takes as they are."""
    return [word for word in words if _PLAIN.fullmatch(word)]


def _bash(words: dict[str, list[str]], values_of: dict[str, list[str]]) -> str:
    cases = "\n".join(f'    {name}) words="{" ".join(some)}" ;;' for name, some in words.items())
    values = "\n".join(f'    {_pattern(option)}) words="{" ".join(some)}" ;;' for option, some in values_of.items())
    return f"""_partners() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" word before="" command="" words=""
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$before" in --db|--format|--plugins-dir) before=""; continue ;; esac
    case "$word" in -*) before="$word" ;; *) command="$word"; break ;; esac
  done
  case "$command" in
    "") words="{" ".join(words)}" ;;
{cases}
  esac
  case "$command ${{COMP_WORDS[COMP_CWORD-1]}}" in
{values}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ ${{#COMPREPLY[@]}} -eq 0 ]; then COMPREPLY=($(compgen -f -- "$current")); fi
}}
complete -o filenames -F _partners partners"""


def _pattern(option: str) -> str:
    """The pattern of a shell for "COMMAND OPTION", in which only a leading star stands for anything."""
    command, _, name = option.partition(" ")
    return f'{command}" {name}"'


def _zsh(words: dict[str, list[str]], values_of: dict[str, list[str]]) -> str:
    return f"#compdef partners\nautoload -U +X bashcompinit && bashcompinit\n{_bash(words, values_of)}"


def _fish(words: dict[str, list[str]], _values_of: dict[str, list[str]]) -> str:
    lines = [f"complete -c partners -n __fish_use_subcommand -a '{' '.join(words)}'"]
    lines += [
        f"complete -c partners -n '__fish_seen_subcommand_from {name}' -a '{' '.join(some)}'"
        for name, some in words.items()
    ]
    return "\n".join(lines)
