"""`partners completion`: completion scripts, made from the parsers themselves."""

from __future__ import annotations

import argparse

from partners_crm.cli import exit_codes
from partners_crm.cli.parsing import Parser
from partners_crm.model import ENTITIES
from partners_crm.services.doctor import CHECKS

SHELLS = ("bash", "zsh", "fish")
_WITH_ENTITY = {"show", "add", "edit", "archive", "delete", "history"}


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the arguments of `completion`."""
    parser.add_argument("shell", choices=SHELLS)


def run(options: argparse.Namespace) -> int:
    """Print the completion script of a shell."""
    words = _words()
    print({"bash": _bash, "zsh": _zsh, "fish": _fish}[options.shell](words))  # our own words alone
    return exit_codes.DONE


def _words() -> dict[str, list[str]]:
    """For each command, the words that may follow it."""
    # Imported here, because the table of commands imports this module by its name.
    from partners_crm.cli.app import COMMANDS, parser_of

    found = {}
    for name in COMMANDS:
        words = []
        for verb, parser in parser_of(name).leaves():
            words += [verb] if verb else []
            for action in parser._actions:
                words += [word for word in action.option_strings if word.startswith("--") and word not in words]
                if not action.option_strings and action.choices:
                    words += [str(choice) for choice in action.choices]
        if name == "list":
            words += [table.entity.plural for table in ENTITIES]
        elif name == "doctor":
            words += [check.name for check in CHECKS]
        elif name in _WITH_ENTITY:
            words += [table.entity.name for table in ENTITIES]
        found[name] = words
    return found


def _values() -> dict[str, list[str]]:
    """For "COMMAND OPTION" that takes one of a few values, those values; an empty list is a file."""
    from partners_crm.cli.app import COMMANDS, parser_of

    found: dict[str, list[str]] = {"* --db": []}
    for name in COMMANDS:
        for _, parser in parser_of(name).leaves():
            for action in parser._actions:
                if action.choices and action.option_strings:
                    values = found.setdefault(f"{name} {action.option_strings[-1]}", [])
                    values += [str(choice) for choice in action.choices if str(choice) not in values]
    return found


def _bash(words: dict[str, list[str]]) -> str:
    cases = "\n".join(f'    {name}) words="{" ".join(some)}" ;;' for name, some in words.items())
    values = "\n".join(f'    {_pattern(option)}) words="{" ".join(some)}" ;;' for option, some in _values().items())
    return f"""_partners() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" word before="" command="" words=""
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$before" in --db|--format) before=""; continue ;; esac
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


def _zsh(words: dict[str, list[str]]) -> str:
    return f"#compdef partners\nautoload -U +X bashcompinit && bashcompinit\n{_bash(words)}"


def _fish(words: dict[str, list[str]]) -> str:
    lines = [f"complete -c partners -n __fish_use_subcommand -a '{' '.join(words)}'"]
    lines += [
        f"complete -c partners -n '__fish_seen_subcommand_from {name}' -a '{' '.join(some)}'"
        for name, some in words.items()
    ]
    return "\n".join(lines)
