"""`partners plugins`: which there are, allowing and turning off, examining, their record types, tracing their calls.

`list`, `enable` and `disable` import no plugin: they work whatever a plugin does.
"""

from __future__ import annotations

import argparse
import difflib
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from partners_crm.cli import exit_codes
from partners_crm.cli.output import out, out_csv, out_json, out_table, say
from partners_crm.cli.parsing import Parser
from partners_crm.cli.paths import config_folder, plugin_state
from partners_crm.cli.plugins import policy_of, registry_of
from partners_crm.errors import ConfigError, NotFound
from partners_crm.plugins import deciding
from partners_crm.plugins.consent import Consent, Said
from partners_crm.plugins.discovery import NAME, Candidate, folded
from partners_crm.plugins.kept_failures import Kept, KeptFailures
from partners_crm.plugins.policy import Plugin

SCHEMA_VERSION = 1
SHOWN_HOOKS = 3
"""Hooks that the table names; the other formats name all."""
_AUTHORS = {"new": "begin a plugin as a copy of the example", "check": "run the contract tests of a plugin"}


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the verbs of `plugins`."""
    parser.verb("list", "every plugin there is, and what becomes of it; none is imported")
    enable = parser.verb("enable", "allow a plugin, or turn it on again")
    enable.add_argument("name", help="the plugin, as the list names it")
    enable.add_argument("--distribution", metavar="DIST", default="", help="which of several that bring the name")
    parser.verb("disable", "turn a plugin off").add_argument("name", help="the plugin, as the list names it")
    doctor = parser.verb("doctor", "load every plugin and look for faults: 0 there is none, 1 there are some")
    doctor.add_argument("names", nargs="*", metavar="NAME", help="only these; by default all")
    trace = parser.verb("trace", "run a command and show every call of a plugin with its time")
    trace.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND", help="the command with its arguments")
    types = parser.verb("types", "the record types that plugins brought into a coalition, and dropping one")
    _types().add_arguments(types, "types")
    for verb, about in _AUTHORS.items():
        _authors().add_arguments(parser.verb(verb, about), verb)


def run(options: argparse.Namespace) -> int:
    """Carry a verb out."""
    if options.verb in _AUTHORS:
        return int(_authors().run(options))
    if options.verb == "types":
        return int(_types().run(options))
    return {"list": _list, "enable": _enable, "disable": _disable, "doctor": _doctor, "trace": _trace}[options.verb](
        options
    )


def _authors() -> Any:
    from partners_crm.cli.commands import plugins_authors  # the test runner and the template: nobody else needs them

    return plugins_authors


def _types() -> Any:
    from partners_crm.cli.commands import plugins_types  # it opens the coalition, which no other verb does

    return plugins_types


# -------------------------------------------------------------------- list


def _list(options: argparse.Namespace) -> int:
    policy = replace(policy_of(options), ask=None)
    found = deciding.decided(policy)
    for notice in found.notices:
        say(f"partners: {notice}")
    past = KeptFailures(plugin_state()).by_plugin()
    rows = [
        _shown(each, past.get((each.name, each.owner.distribution, each.owner.version), ())) for each in found.plugins
    ]
    if options.format == "json":
        out_json({"schema_version": SCHEMA_VERSION, "plugins": rows})
    elif options.format == "csv":
        headers = ["name", "version", "distribution", "status", "hooks", "reason", "failures"]
        out_csv(headers, [[_cell(row[name]) for name in headers] for row in rows])
    elif rows:
        out_table(["plugin", "version", "distribution", "status", "hooks", "reason"], [_line(row) for row in rows])
    else:
        say("no plugins" + (": --no-plugins leaves all out" if policy.none else " are installed"))
    return exit_codes.DONE


def _shown(plugin: Plugin, past: Sequence[Kept]) -> dict[str, Any]:
    """A plugin as the list shows it. Nothing is loaded: what failed is known from the last runs."""
    candidate = plugin.candidate
    status, reason = ("on" if plugin.status == "loaded" else plugin.status), plugin.reason
    kept_off = next((each for each in reversed(past) if each.keeps_off), None)
    if plugin.status == "loaded" and kept_off is not None:
        status, reason = "failed", kept_off.text
    elif deciding.seen_empty(plugin):
        status, reason = "empty", deciding.EMPTY
    info = candidate.source.info or {}
    return {
        "name": plugin.name,
        "title": str(info.get("title", "")) or plugin.name,
        "version": candidate.version,
        "distribution": candidate.distribution,
        "bundled": candidate.is_bundled,
        "status": status,
        "reason": reason,
        "hooks": list(candidate.hooks),
        "hooks_are_all": candidate.source.whole,
        "requires": _texts(info.get("requires")),
        "settings": _settings(info.get("settings", ()) if candidate.source.info is not None else ()),
        "failures": [{"at": each.at, "hook": each.hook, "reason": each.reason} for each in past],
    }


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, (tuple, list)) else []


def _settings(value: object) -> list[dict[str, Any]] | None:
    """The settings that the source of a plugin declares; None where it does not write them out."""
    if not isinstance(value, tuple) or not all(isinstance(each, dict) for each in value):
        return None
    return [
        {
            "name": str(each.get("name", "")),
            "label": str(each.get("label", "")),
            "kind": str(each.get("kind", "text")),
            "default": "" if each.get("kind") == "secret" else str(each.get("default", "")),
            "choices": _texts(each.get("choices")),
            "help": str(each.get("help", "")),
        }
        for each in value
    ]


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    """A row of the table: the reason, else the last failure."""
    hooks = [hook.removeprefix("register_") for hook in row["hooks"] if hook != "plugin_info"]
    some = ", ".join(hooks[:SHOWN_HOOKS]) + (f" +{len(hooks) - SHOWN_HOOKS}" if len(hooks) > SHOWN_HOOKS else "")
    last = row["failures"][-1] if row["failures"] else None
    reason = row["reason"] or (f"failed last: {last['hook']}: {last['reason']}" if last else "")
    return row["name"], row["version"], row["distribution"], row["status"], some, reason


def _cell(value: object) -> object:
    if not isinstance(value, list):
        return value
    return "; ".join(
        f"{each['hook']}: {each['reason']}".strip(": ") if isinstance(each, dict) else each for each in value
    )


# -------------------------------------------------------------------- enable, disable


def _enable(options: argparse.Namespace) -> int:
    consent = _consent()
    there = [each for each in deciding.candidates_of(policy_of(options)) if each.name == options.name]
    if not there and options.name in consent.said():
        consent.say(options.name, None)  # of a plugins folder, or removed: nothing is held against it any more
        out(f"{options.name} is not installed here; what was said of it is taken back")
        return exit_codes.DONE
    if not there:
        raise _unknown(options)
    if options.distribution:
        there = [each for each in there if folded(each.distribution) == folded(options.distribution)]
        if not there:
            raise NotFound(f"no distribution {options.distribution} brings the plugin {options.name}", _list_hint())
    said = consent.said().get(options.name)
    if len(there) > 1 and said is not None:
        there = [each for each in there if said.distribution == each.distribution] or there
    if len(there) > 1:
        names = " or ".join(each.distribution for each in there)
        raise ConfigError(f"which {options.name}?", f"say --distribution with {names}")
    (chosen,) = there
    consent.say(chosen.name, Said("allowed", chosen.distribution))
    KeptFailures(plugin_state()).forget([chosen.name])
    out(f"{chosen.name} is on: {chosen.whose}")
    _warn(options, chosen)
    return exit_codes.DONE


def _warn(options: argparse.Namespace, chosen: Candidate) -> None:
    """Say where what was allowed is not what will happen."""
    policy = replace(policy_of(options), ask=None)
    now = next((each for each in deciding.decided(policy).plugins if each.candidate == chosen), None)
    if now is not None and now.status != "loaded":
        say(f"warning: it is not loaded all the same: {now.reason}")


def _disable(options: argparse.Namespace) -> int:
    if NAME.fullmatch(options.name) is None:
        raise _unknown(options)
    deciding.say_of(_consent(), options.name, Said("disabled"))
    out(f"{options.name} is off; partners plugins enable {options.name} turns it on again")
    try:
        there = {each.name for each in deciding.candidates_of(policy_of(options))}
    except ConfigError as error:
        say(f"warning: {error.message}")
    else:
        if options.name not in there:
            say(f"warning: no plugin {options.name} is installed here{_near(options.name, there)}")
    return exit_codes.DONE


def _consent() -> Consent:
    """The file of what was said; one that cannot be read is put aside, so that a plugin can always be turned off."""
    consent = Consent(config_folder())
    if (place := consent.set_aside()) is not None:
        say(f"warning: {consent.path} could not be read; it is {place} now, and what it said is forgotten")
    return consent


def _unknown(options: argparse.Namespace) -> NotFound:
    names = {each.name for each in deciding.candidates_of(policy_of(options))}
    return NotFound(f"there is no plugin {options.name}{_near(options.name, names)}", _list_hint())


def _near(name: str, names: set[str]) -> str:
    near = difflib.get_close_matches(name, sorted(names), n=1)
    return f"; is it {near[0]}?" if near else ""


def _list_hint() -> str:
    return "see: partners plugins list"


# -------------------------------------------------------------------- doctor


def _doctor(options: argparse.Namespace) -> int:
    from partners_crm.plugins.examining import examine  # it looks at every kind of description

    registry = registry_of(options)
    registry.load_screen()
    found = examine(registry)
    names = set(options.names)
    if names:
        unknown = sorted(names - {each.name for each in registry.plugins})
        if unknown:
            options.name = unknown[0]
            raise _unknown(options)
        found = tuple(each for each in found if each.plugin in names)
    looked = [each for each in registry.plugins if not names or each.name in names]
    if options.format == "json":
        plugins = [{"name": each.name, "status": each.status, "reason": each.reason} for each in looked]
        findings = [
            {"plugin": each.plugin, "where": each.where, "message": each.message, "remedy": each.remedy}
            for each in found
        ]
        out_json({"schema_version": SCHEMA_VERSION, "plugins": plugins, "findings": findings})
    elif options.format == "csv":
        out_csv(
            ["plugin", "where", "message", "remedy"],
            [(each.plugin, each.where, each.message, each.remedy) for each in found],
        )
    else:
        for each in found:
            out(f"{each.plugin}: {f'{each.where}: ' if each.where else ''}{each.message}")
            if each.remedy:
                out(f"  {each.remedy}")
        out(f"{len(looked)} plugin{'' if len(looked) == 1 else 's'} examined, {len(found)} findings")
    healthy = {each.name for each in looked if each.status == "loaded"} - {each.plugin for each in found}
    KeptFailures(plugin_state()).forget(healthy)
    return exit_codes.FINDINGS if found else exit_codes.DONE


# -------------------------------------------------------------------- trace


def _trace(options: argparse.Namespace) -> int:
    from partners_crm.cli.app import dispatch  # it imports this module by its name

    words = list(options.words)
    if not words:
        raise ConfigError("which command?", "for example: partners plugins trace list organizations")
    before = os.environ.get("PARTNERS_TRACE")
    os.environ["PARTNERS_TRACE"] = "1"
    try:
        return dispatch(words)
    finally:
        if before is None:
            del os.environ["PARTNERS_TRACE"]
        else:
            os.environ["PARTNERS_TRACE"] = before
