"""Writes the reference pages from the declarations; each page calls one of these functions through cog."""

from __future__ import annotations

import json
from argparse import Action
from collections.abc import Iterable
from pathlib import Path

from partners_crm.cli import exit_codes, person
from partners_crm.cli.app import COMMANDS, parser_of
from partners_crm.cli.output import FORMATS
from partners_crm.model import ENTITIES
from partners_crm.services import doctor, settings
from partners_crm.services.checks import CHECKS
from partners_crm.services.exporting.schemas import line_schemas
from partners_crm.services.importing import targets
from partners_crm.store.queries.fields import ABOUT, SHORT, counted, points_of
from partners_crm.store.queries.steps import steps

ROOT = Path(__file__).resolve().parents[2]
COMMON = frozenset({"help", "db", "debug", "plugins_dir", "no_plugins", "strict_plugins"})
"""Arguments that every command has, which its own page need not repeat."""


def commands() -> str:
    """Every command with its verbs and options."""
    parts = []
    for name, (_, about) in COMMANDS.items():
        parts += [f"## {name}", "", f"{about[0].upper()}{about[1:]}.", ""]
        for verb, parser in parser_of(name).leaves():
            if verb:
                parts += [f"### {name} {verb}", "", parser.description or "", ""]
            parts += ["| argument | what it does |", "|---|---|", *map(argument, filter(is_own, parser._actions)), ""]
    return "\n".join(parts).rstrip()


def is_own(action: Action) -> bool:
    """Whether an argument is its command's own."""
    return action.dest not in COMMON and (action.dest != "format" or tuple(action.choices or ()) != FORMATS)


def argument(action: Action) -> str:
    """The row of an argument."""
    value = str(action.metavar or action.dest).upper()
    words = ", ".join(f"`{word}`" for word in action.option_strings) or f"`{value}`"
    if action.option_strings and action.nargs != 0:
        words += f" `{action.metavar or '|'.join(map(str, action.choices or [value]))}`"
    return f"| {cell(words)} | {cell(action.help or choice_words(action.choices))} |"


def choice_words(choices: Iterable[object] | None) -> str:
    """The values an argument can have."""
    return "one of: " + ", ".join(map(str, choices)) if choices else ""


def entities() -> str:
    """Every entity with its fields."""
    parts = []
    for table in ENTITIES:
        info = table.entity
        parts += [f"## {info.name}", "", f"{info.about} In lists: `{info.plural}`.", ""]
        if info.not_by_hand:
            parts += [f"Not changed by hand: {info.not_by_hand}.", ""]
        parts += ["| field | kind | label | about |", "|---|---|---|---|"]
        for name, how in table.declarations().items():
            about = how.help
            if how.choices:
                about += " One of: " + ", ".join(f"`{code}`" for code, _ in how.choices) + "."
            if how.kind == "link":
                about += f" Points to {table.links()[name].entity.name}; " + (
                    "goes with it." if how.on_delete == "cascade" else "is cleared with it."
                )
            marks = [how.kind, *(["required"] if how.required else []), *(["computed"] if how.derived else [])]
            parts.append(f"| `{name}` | {', '.join(marks)} | {cell(how.label)} | {cell(about.strip())} |")
        parts.append("")
    return "\n".join(parts).rstrip()


def query_fields() -> str:
    """Every name that a query on an entity may hold, without those that every entity has and the coalition's own."""
    parts = ["Of every entity: " + ", ".join(f"`{name}` ({about})" for name, about in ABOUT.items()) + ".", ""]
    parts += ["| entity | relations | fields | how many |", "|---|---|---|---|"]
    for table in ENTITIES:
        relations = list(dict.fromkeys((*points_of(table), *SHORT.get(table, {}), *steps(table))))
        fields = [name for name in table.declarations() if name not in relations]
        cells = (names(relations), names(fields), names(counted(table)))
        parts.append(f"| {table.entity.plural} | {' | '.join(cells)} |")
    return "\n".join(parts)


def names(some: Iterable[str]) -> str:
    """Names as they are typed."""
    return ", ".join(f"`{name}`" for name in some)


def headers() -> str:
    """Everything a column can mean, as written in a saved mapping, and the column names it goes by."""
    names: dict[str, list[str]] = {}
    for name, (target, _) in targets.known_names().items():
        names.setdefault(target.text, []).append(name)
    parts = ["| in a mapping | meaning | column names, whatever their case and punctuation |", "|---|---|---|"]
    for target in targets.all_targets():
        words = ", ".join(sorted(names.get(target.text, []))) or "by a mapping alone"
        parts.append(f"| `{target.text}` | {cell(target.described)} | {cell(words)} |")
    parts.append("| `silo.CODE` | a mark in the column puts the organization into the silo | names of the silos |")
    parts.append("| `own.KEY` | a field of the coalition's own | names and keys of the fields |")
    return "\n".join(parts)


def all_settings() -> str:
    """Every setting of a coalition and of a person."""
    parts = ["| setting | whose | default | about |", "|---|---|---|---|"]
    for key, (about, allowed, default) in person.KNOWN.items():
        parts.append(f"| `{key}` | the person's | `{default}` | {cell(about)} One of: {', '.join(allowed)}. |")
    for key, known in settings.KNOWN.items():
        default = f"`{known.default}`" if known.default else ""
        parts.append(
            f"| `{key}` | the coalition's{', fixed' if known.fixed else ''} | {default} | {cell(known.about)} |"
        )
    return "\n".join(parts)


def codes() -> str:
    """Every exit code; the words are those beside the constants."""
    source = Path(exit_codes.__file__).read_text("utf-8").splitlines()
    rows = []
    for place, line in enumerate(source):
        name, _, value = line.partition(" = ")
        if name.isupper() and value.isdigit() and source[place + 1].startswith('"""'):
            rows.append(f"| {value} | {cell(source[place + 1].strip(chr(34)))} |")
    return "\n".join(["| code | meaning |", "|---|---|", *rows])


def checks() -> str:
    """Every check of the doctor."""
    rows = [f"| `{check.name}` | {cell(check.about)} |" for check in doctor.CHECKS]
    return "\n".join(["| check | looks at |", "|---|---|", *rows])


def rule_checks() -> str:
    """Every check of the runner, with its terms."""
    parts = ["| check | proves | runs without a name |", "|---|---|---|"]
    parts += [
        f"| `{check.name}` | {cell(check.about)} | {'yes' if check.by_default else 'as a rule alone'} |"
        for check in CHECKS
    ]
    parts += ["", "| check | term | default | about |", "|---|---|---|---|"]
    for check in CHECKS:
        for term in check.terms:
            default = f"`{term.default}`" if term.default else ""
            about = f"{term.about}: {', '.join(term.allowed)}" if term.allowed else term.about
            parts.append(f"| `{check.name}` | `{term.name}` | {default} | {cell(about)} |")
    return "\n".join(parts)


def export_lines() -> str:
    """The JSON Schema of every kind of line that an export of everything holds; a field a line."""
    kinds = []
    for name, schema in line_schemas()["$defs"].items():
        fields = [f"      {json.dumps(key)}: {json.dumps(each)}" for key, each in schema["properties"].items()]
        rest = ", ".join(f'"{key}": {json.dumps(schema[key])}' for key in ("required", "additionalProperties"))
        kinds.append(f'  "{name}": {{"type": "object", "properties": {{\n' + ",\n".join(fields) + f"}},\n    {rest}}}")
    body = ",\n".join(kinds)
    return f'```json\n{{"$schema": "{line_schemas()["$schema"]}", "$defs": {{\n{body}\n}}}}\n```'


def screen(name: str) -> str:
    """A screen of the demo as the tests know it."""
    text = (ROOT / "tests" / "tui" / "snapshots" / f"{name}.txt").read_text("utf-8")
    return "```text\n" + text.rstrip() + "\n```"


def cell(text: str) -> str:
    """Text for a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")
