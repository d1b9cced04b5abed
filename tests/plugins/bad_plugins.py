"""Plugins that go wrong in every way there is, written as real distributions or as the files of a plugins folder.

Each implements every hook. With `when="offering"` it goes wrong when it is asked what it offers, with `when="working"`
when what it offers is called. Beside them lies `good_neighbour`, whose results have to stay intact.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

When = Literal["offering", "working"]
Style = Literal["installed", "folder"]

AT_IMPORT = ("import_error", "exits_at_import", "hangs_at_import")
AT_LOADING = (*AT_IMPORT, "misspelt_hook", "wrong_version", "coroutine")
"""Faults that keep a plugin from being loaded at all."""
WHEN_CALLED = ("raises", "exits", "hangs", "wrong_type", "late_generator", "changes_input")
FAULTS = (*WHEN_CALLED, *AT_LOADING)
"""Twelve ways to go wrong."""
GOOD = "good_neighbour"
SECRET = "Dana Reyes of 12 Water St"
"""What bad plugins say in their errors: text of a record, which must not reach anybody."""

HEADLESS = {
    "register_record_types": "RecordType(name='thing', plural='things', about='Things.', title='label',"
    " fields={'label': fields.text('Label')})",
    "register_importers": "Importer(name='NAME', title='Things', recognizes=work, read=work)",
    "register_exporters": "Exporter(name='NAME', title='Things', suffixes=('NAME',), write=work)",
    "register_geocoders": "Geocoder(name='NAME', title='Things', find=work)",
    "register_checks": "PluginCheck(name='thing', about='things are well', run=work)",
    "register_reports": "Report(name='thing', title='Things', run=work)",
    "register_commands": "Command(name='NAME', about='things', verbs=(Verb(name='go', about='go', run=work),))",
    "register_query_fields": "QueryField(name='thing', entity='organization', label='Thing', find=work)",
}
SCREEN = {
    "register_views": "View(name='thing', title='Things of NAME', blocks=work)",
    "register_tabs": "Tab(name='thing', entity='organization', title='Things of NAME', blocks=work)",
    "register_columns": "Column(name='thing', entity='organization', label='Thing', values=work)",
    "register_actions": "Action(name='thing', title='Do things of NAME', run=work, scopes=('organizations',))",
}
HOOKS = {**HEADLESS, **SCREEN}
"""What is offered, as source; `work` is the function that does the work."""

_RAISE = f"raise ValueError({SECRET!r})"
_BODIES = {
    "raises": _RAISE,
    "exits": "raise SystemExit(0)",
    "hangs": "import time; time.sleep(600)",
    "wrong_type": "return 42",
    "late_generator": f"yield from (); {_RAISE}",
    "changes_input": "return spoil(inputs) or 42",
}
_SPOIL = '''
def spoil(inputs):
    """Try to change whatever it was handed; gives what succeeded, which has to be nothing."""
    attempts = {
        "set name": lambda each: setattr(each, "name", "spoilt"),
        "set plugin": lambda each: setattr(each, "plugin", "spoilt"),
        "set the first": lambda each: each.__setitem__(0, "spoilt"),
        "set by name": lambda each: each.__setitem__("name", "spoilt"),
        "append": lambda each: each.append("spoilt"),
        "clear": lambda each: each.clear(),
        "set a setting": lambda each: each.settings.__setitem__("name", "spoilt"),
        "set a row": lambda each: each.rows.__setitem__("name", "spoilt"),
    }
    done = []
    for each in (*inputs, *(row for some in inputs if isinstance(some, tuple) for row in some)):
        for what, attempt in attempts.items():
            try:
                attempt(each)
            except Exception:
                continue
            done.append(f"{type(each).__name__}: {what}")
    return done
'''
_GOOD_WORK = '''
def work(context, *inputs):
    """Answer what each of the hooks wants, and say nothing of it."""
    return None
'''


def write_bad_plugins(
    folder: Path,
    *,
    when: When = "offering",
    style: Style = "installed",
    faults: Iterable[str] = FAULTS,
    hooks: Iterable[str] = tuple(HOOKS),
) -> tuple[str, ...]:
    """Write bad plugins and a good one into a folder; gives the names of the bad ones, in order.

    `installed`: put the folder on `sys.path`, or on PYTHONPATH. `folder`: name it with --plugins-dir.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for fault in faults:
        name = f"bad_{fault}"
        write_plugin(folder, name, source(name, fault, when, tuple(hooks)), style=style)
        names.append(name)
    write_plugin(folder, GOOD, source(GOOD, "", when, tuple(HOOKS)), style=style)
    return tuple(sorted(names))


def source(name: str, fault: str, when: When = "offering", hooks: tuple[str, ...] = tuple(HOOKS)) -> str:
    """The text of a plugin with a fault; "" for a good one."""
    lines = ['"""A plugin of the tests."""', "from partners_crm.plugins import *", _SPOIL]
    lines.append(_at_import(fault))
    api = "(99, 99)" if fault == "wrong_version" else "(1, 1)"
    lines.append(f"@hookimpl\ndef plugin_info():\n    return PluginInfo(title={name!r}, about='A test.', api={api})\n")
    is_late = when == "working" or fault == "changes_input"
    lines.append(
        f"def work(context, *rest):\n    inputs = (context, *rest)\n    {_BODIES[fault]}\n"
        if fault in _BODIES
        else _GOOD_WORK
    )
    for hook in hooks:
        item = HOOKS[hook].replace("NAME", name)
        mark = "async def" if fault == "coroutine" else "def"
        body = f"return [{item}]" if is_late or fault not in _BODIES else _BODIES[fault]
        if fault == "late_generator" and not is_late:
            body = f"yield {item}; {_RAISE}"
        lines.append(f"@hookimpl\n{mark} {hook}():\n    {body}\n")
    if fault == "misspelt_hook":
        lines.append("@hookimpl\ndef register_veiws():\n    return []\n")
    return "\n".join(lines)


def _at_import(fault: str) -> str:
    return {
        "import_error": "import partners_crm_that_is_not_there",
        "exits_at_import": "raise SystemExit(0)",
        "hangs_at_import": "import time; time.sleep(600)",
    }.get(fault, "")


def write_plugin(
    folder: Path,
    name: str,
    text: str,
    *,
    style: Style = "installed",
    distribution: str = "",
    version: str = "1.0",
    groups: Iterable[str] = ("partners_crm",),
    module: str = "",
) -> None:
    """Write one plugin: a file of a plugins folder, or a module with the metadata of a distribution."""
    folder.mkdir(parents=True, exist_ok=True)
    if style == "folder":
        (folder / f"{name}.py").write_text(text, "utf-8")
        return
    module = module or f"module_of_{name}"
    distribution = distribution or f"partners-crm-{name.replace('_', '-')}"
    (folder / f"{module}.py").write_text(text, "utf-8")
    metadata = folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir(exist_ok=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n", "utf-8")
    entries = "\n".join(f"[{group}]\n{name} = {module}\n" for group in groups)
    (metadata / "entry_points.txt").write_text(entries, "utf-8")
