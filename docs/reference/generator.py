"""Writes the reference pages from the declarations; each page calls one of these functions through cog."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from partners_crm.cli import exit_codes, person
from partners_crm.cli.app import COMMANDS, parser_of
from partners_crm.model import ENTITIES
from partners_crm.normalize.text import fold
from partners_crm.services import doctor, settings
from partners_crm.services.importing import mapping

ROOT = Path(__file__).resolve().parents[2]


def commands() -> str:
    """Every command with its options."""
    parts = []
    for name, (_, about) in COMMANDS.items():
        parser = parser_of(name)
        parts += [f"## {name}", "", f"{about[0].upper()}{about[1:]}.", "", "| argument | what it does |", "|---|---|"]
        for action in parser._actions:
            if action.dest in {"help", "db", "format", "debug"}:
                continue
            words = ", ".join(f"`{word}`" for word in action.option_strings)
            value = str(action.metavar or action.dest).upper() if not action.option_strings else action.metavar
            if not action.option_strings:
                words = f"`{value}`"
            elif action.nargs != 0:
                words += f" `{value or '|'.join(map(str, action.choices or [action.dest.upper()]))}`"
            parts.append(f"| {cell(words)} | {cell(action.help or choice_words(action.choices))} |")
        parts.append("")
    return "\n".join(parts).rstrip()


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


def headers() -> str:
    """Every column name an import recognises."""
    parts = ["| meaning | column names, whatever their case and punctuation |", "|---|---|"]
    for table in mapping.RECORDS:
        for name, how in table.declarations().items():
            if how.headers:
                words = ", ".join(sorted({fold(each) for each in how.headers}))
                parts.append(
                    f"| {table.entity.name.replace('_', ' ')}: {cell(how.label.lower())} (`{name}`) | {words} |"
                )
    for name, words in mapping.VALUES.items():
        parts.append(f"| {name.replace('_', ' ')} | {', '.join(sorted({fold(each) for each in words}))} |")
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


def screen(name: str) -> str:
    """A screen of the demo as the tests know it."""
    text = (ROOT / "tests" / "tui" / "snapshots" / f"{name}.txt").read_text("utf-8")
    return "```text\n" + text.rstrip() + "\n```"


def cell(text: str) -> str:
    """Text for a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")
