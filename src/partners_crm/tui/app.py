"""The application: opens the coalition, switches between screens, and outlives every fault it can name."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.filter import LineFilter, Monochrome
from textual.screen import Screen

from partners_crm.crm import Crm
from partners_crm.errors import PartnersError, StoreReplaced
from partners_crm.normalize.text import show
from partners_crm.store.clock import Clock, utc_now
from partners_crm.tui.crash import write_crash
from partners_crm.tui.display import NoColour
from partners_crm.tui.open_drafts import OpenDrafts
from partners_crm.tui.plugged.bridge import Make, Plugins
from partners_crm.tui.theme import THEMES

R = TypeVar("R")

INTERNAL = 70
"""Exit code of a crash, as in the command."""
UNAVAILABLE = 4
"""Exit code where no coalition is left to show, as in the command."""
INTERRUPTED = 130
"""Exit code of a program that was told to end, as in the command."""
BACKUP_AFTER = 2.0
"""Seconds after the start at which the backup of the day is thought of: the first paint comes before."""
INDEX_AFTER = 1.0
"""Seconds after the start at which the search index is brought up to date, likewise."""
PLUGINS_AFTER = 0.1
"""Seconds after the first paint at which plugins are loaded."""
BACKUP_EVERY = 3600.0
"""Seconds between two such thoughts: a screen may stay open for days."""
SCREENS = {
    "organizations": ("2", "Organizations"),
    "contacts": ("3", "Contacts"),
    "districts": ("4", "Districts"),
    "views": ("5", "Silos and associations: the views of plugins"),
    "review": ("8", "Review"),
    "plugins": ("9", "Plugins"),
    "history": ("H", "History"),
}
"""Screens one key away: name, key and title, in the order of the key bar."""
FIRST_RUN = "first run"
HOME = "organizations"
"""The screen the program begins with."""


def _plugin_commands() -> type[Any]:
    from partners_crm.tui.plugged.palette import PluginCommands  # asked for when the palette is opened

    return PluginCommands


class PartnersApp(App[int]):
    """The terminal UI of one coalition."""

    CSS = """
    Screen { background: $background; }
    .head, .status, .keys { text-wrap: nowrap; text-overflow: ellipsis; }
    .head { background: $panel; color: $foreground; height: 1; padding: 0 1; }
    .status { height: 1; padding: 0 1; color: $foreground 70%; }
    .keys { height: 1; padding: 0 1; background: $panel; color: $foreground 80%; }
    .error { color: $error; height: auto; }
    .title { text-style: bold; height: auto; }
    ModalScreen { align: center middle; background: $background 60%; }
    """
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[set[Any]] = {*App.COMMANDS, _plugin_commands}
    TITLE = "partners"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, id="app.quit"),
        Binding("question_mark,f1", "help", "Keys", show=False, id="app.help"),
        Binding("f5", "reopen", "Open the file again", show=False, priority=True, id="app.reopen"),
        Binding("colon", "command_palette", "Palette", show=False, id="app.palette"),
        Binding("ctrl+f", "find", "Find anything", show=False, id="app.find"),
        Binding("P", "share", "Others look on: hide what is for staff only, or show it", show=False, id="app.share"),
        Binding("F", "first_look", "What the spreadsheet could not tell", show=False, id="app.first_look"),
        *(Binding(key, f"go('{name}')", title, show=False, id=f"app.{name}") for name, (key, title) in SCREENS.items()),
    ]

    def __init__(
        self,
        path: Path,
        *,
        demo_path: Path,
        theme: str = "dark",
        crash_folder: Path | None = None,
        draft_folder: Path | None = None,
        clock: Clock = utc_now,
        plugins: Make | None = None,
    ) -> None:
        """With `plugins` the registry is made by it, once the first screen is painted."""
        # The screen of this mode is made at once; without a coalition it is that of the first run.
        self.DEFAULT_MODE = HOME if path.exists() else FIRST_RUN  # type: ignore[misc]  # read when an app is made
        super().__init__()
        self.path = path
        self.demo_path = demo_path
        self.crash_folder = crash_folder
        self.draft_folder = draft_folder
        self.clock = clock
        self.crash_report: Path | None = None
        self.drafts = OpenDrafts(self)
        self.plugins = Plugins(self, plugins)
        self.columns: dict[str, tuple[str, ...]] = {}
        """The columns a person chose in this run for the list of each entity, by its plural."""
        # Opened before the terminal is touched: a fault is a plain line.
        self._crm = self._opened(path) if path.exists() else None
        for name in SCREENS:
            self.add_mode(name, self._maker(name))
        for each in THEMES.values():
            self.register_theme(each)
        self.theme = THEMES.get(theme, THEMES["dark"]).name

    @property
    def crm(self) -> Crm:
        """The open coalition."""
        assert self._crm is not None, "the first run has not opened a coalition yet"
        return self._crm

    def get_line_filters(self) -> list[LineFilter]:
        """With NO_COLOR nothing at all is coloured, greys included."""
        filters = [each for each in super().get_line_filters() if not isinstance(each, Monochrome)]
        return [*filters, NoColour()] if os.environ.get("NO_COLOR") else filters

    def get_default_screen(self) -> Screen[Any]:
        """The questions of the first run, where there is no coalition to begin with."""
        from partners_crm.tui.screens.first_run import FirstRun

        return FirstRun(self.path, self.demo_path)

    def _opened(self, path: Path) -> Crm:
        crm = Crm.open(path, clock=self.clock, word=self.tell, plugins=self.plugins.made)
        # A list does not wait for the search index: a thread brings it up to date.
        crm.db.waits = False
        return crm

    def renew(self) -> None:
        """Let go of what the open coalition knows of plugins; the file stays open."""
        self._crm = Crm(self.crm.db, self.clock, self.plugins.made)

    def begin(self, path: Path) -> None:
        """Open the coalition that the first run has made, and show its organizations."""
        self.path = path
        self._crm = self._opened(path)
        self.switch_mode(HOME)
        self._index()
        self.plugins.load()

    def on_mount(self) -> None:
        """Take up what was not saved, say what is to be known of the file, and look after the backups."""
        if not self.is_headless:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, self._interrupted)
        self.set_timer(INDEX_AFTER, self._index)
        self.set_timer(BACKUP_AFTER, self._back_up)
        self.set_interval(BACKUP_EVERY, self._back_up)
        if self._crm is not None:
            for warning in self._crm.warnings:
                self.notice(warning, error=True)
            self.call_after_refresh(self.drafts.take_up)
            self.call_after_refresh(lambda: self.set_timer(PLUGINS_AFTER, self.plugins.load))

    def on_unmount(self) -> None:
        """Close the coalition; a plugin that hangs is left to itself."""
        self.plugins.close()
        if self._crm is not None:
            self._crm.close()

    def on_resize(self, event: events.Resize) -> None:
        """Say so where the terminal is too small, until it is large enough again."""
        from partners_crm.tui.screens.base import SMALLEST, TooSmall

        small = event.size.width < SMALLEST[0] or event.size.height < SMALLEST[1]
        covered = isinstance(self.screen, TooSmall)
        if small and not covered:
            self.push_screen(TooSmall())
        elif covered and not small:
            self.pop_screen()

    # ---------------------------------------------------------------- what every screen uses

    def notice(self, text: str, hint: str = "", *, error: bool = False) -> None:
        """Say what happened, in a toast."""
        message = show(text) + (f"\n{show(hint)}" if hint else "")
        self.notify(message, severity="error" if error else "information", markup=False, timeout=8 if error else 5)

    def fault(self, error: PartnersError) -> None:
        """Say what went wrong and what to do."""
        hint = "F5 opens the file that is there now" if isinstance(error, StoreReplaced) else error.hint
        self.notice(error.message, hint, error=True)

    def tell(self, text: str) -> None:
        """Say what takes time, from any thread; before the screen is there, as a plain line."""
        if not self.is_running:
            print(f"partners: {show(text)}", file=sys.stderr)
        elif threading.get_ident() == self._thread_id:
            self.notice(text)
        else:
            self.call_from_thread(self.notice, text)

    def deliver(self, work: Callable[..., object], *arguments: Any, **options: Any) -> None:
        """Have something done on the screen, from any thread, without waiting; nothing once the program has ended."""
        with contextlib.suppress(RuntimeError):  # the loop of a program that has ended takes nothing any more
            self.call_later(work, *arguments, **options)

    def background(
        self,
        work: Callable[[Crm], R],
        done: Callable[[R], object],
        failed: Callable[[PartnersError], object] | None = None,
        *,
        always: bool = False,
    ) -> None:
        """Do database work in a thread with a session of its own, then something with its result on the screen.

        A screen that has been left meanwhile gets no result, unless `always` says that it is not for that screen
        alone. An error goes to `failed`, by default to a toast.
        """
        if not self.screen_stack:
            return  # a timer rang while the program closes
        screen = self.screen

        def deliver(result: R) -> None:
            if not self.screen_stack:
                return  # the program closed meanwhile
            if always or screen.is_attached or screen is self.screen:
                done(result)

        def run() -> None:
            try:
                crm = self.crm  # another one may be opened meanwhile
                with crm.session():
                    result = work(crm)
                self.call_from_thread(deliver, result)
            except PartnersError as error:
                self.call_from_thread(failed or self.fault, error)
            except Exception as error:  # a fault of ours must reach the crash path, not die in the thread
                self.call_from_thread(self._handle_exception, error)

        self.run_worker(run, thread=True, exit_on_error=False)

    def changed(self) -> None:
        """Tell every screen that is open that the data changed."""
        for screen in [*self.screen_stack, *(stack for stacks in self._screen_stacks.values() for stack in stacks)]:
            reload = getattr(screen, "action_reload", None)
            if reload is not None and screen.is_running:
                reload()
        self._index()

    def _index(self) -> None:
        """Bring the search index up to date in the background; a question takes up the changes that came since."""
        from partners_crm.store.fulltext import catch_up  # the first paint does without

        if self._crm is not None and self.screen_stack:
            # Without it records are looked at one by one; who opens, reads or writes is told of what ails the file.
            self.background(lambda crm: catch_up(crm.db), lambda _done: None, lambda _error: None, always=True)

    # ---------------------------------------------------------------- what must not be lost

    def _back_up(self) -> None:
        """Make the backup of the day in the background, where it is due."""
        if not self.screen_stack:
            return  # the timer rang while the program closes

        def failed(error: PartnersError) -> None:
            if isinstance(error, StoreReplaced):
                self.fault(error)
            else:
                self.notice(f"no backup was made today: {error.message}", error.hint, error=True)

        if self._crm is not None:
            self.background(lambda crm: crm.back_up_daily(), lambda _made: None, failed, always=True)

    def _interrupted(self) -> None:
        """The terminal was closed, or the program was told to end: what was typed is kept."""
        self.exit(return_code=INTERRUPTED)

    def exit(self, *arguments: Any, **options: Any) -> None:
        """End the program; what stands in an open form is kept for the next time."""
        self.drafts.write_down()
        super().exit(*arguments, **options)

    @property
    def screens_open(self) -> list[Screen[Any]]:
        """Every screen of every mode that is open."""
        return [screen for stack in self._screen_stacks.values() for screen in stack]

    def action_reopen(self) -> None:
        """Open the file that is there now, after it was replaced underneath."""
        if self._crm is None:
            return
        try:
            if self.path.stat().st_ino == self._crm.db.inode:
                self.changed()
                return
        except OSError:
            self.notice(f"there is no coalition at {self.path}", "put it back, then press F5 again", error=True)
            return
        self.drafts.write_down()
        # First the old file: SQLite empties its log into it, which must not be applied to the new one.
        self._crm.close()
        try:
            found = self._opened(self.path)
        except PartnersError as error:
            # There is nothing left to show; what was typed is kept.
            self.exit(return_code=UNAVAILABLE, message=show(f"partners: {error.message}"))
            return
        self._crm = found
        self.notice(f"opened {found.name} again")
        self.plugins.load()
        self.changed()

    _stepping = False

    def undo(self, operation: int | None = None) -> None:
        """Take an operation back, by default the newest, and say what became of it."""
        self._step(lambda crm: crm.undo(operation), "undid", "U brings it back")

    def redo(self) -> None:
        """Take the last undo back."""
        self._step(lambda crm: crm.redo(), "brought back", "u takes it back again")

    def _step(self, work: Callable[[Crm], Any], word: str, hint: str) -> None:
        if self._stepping:
            return  # the one before is still at work; pressing twice is not meant twice
        self._stepping = True

        def done(report: Any) -> None:
            self._stepping = False
            left = [*report.kept, *report.refused]
            title = report.undone.title.removeprefix("undo ").removeprefix("redo ")
            if self.plugins.is_shared:  # it may quote what is for staff
                title = f"operation {report.undone.id}"
            more = f"{len(left)} left alone: {left[0]}" if left else hint
            self.notice(
                f"{word}: {title} ({report.reversed} {'record' if report.reversed == 1 else 'records'})",
                more,
                error=bool(left),
            )
            self.changed()

        def failed(error: PartnersError) -> None:
            self._stepping = False
            self.fault(error)

        self.background(work, done, failed, always=True)

    # ---------------------------------------------------------------- actions

    def action_go(self, name: str) -> None:
        """Switch to a screen."""
        if self._crm is not None and self.current_mode != name and len(self.screen_stack) == 1:
            self.switch_mode(name)

    @property
    def is_home(self) -> bool:
        """Whether the screen is the one the program begins with."""
        return self.current_mode == HOME

    def action_go_home(self) -> None:
        """Switch to the screen the program begins with."""
        self.action_go(HOME)

    def action_help(self) -> None:
        """Show the keys."""
        from partners_crm.tui.screens.help import Help

        if not isinstance(self.screen, Help):
            self.push_screen(Help(self.screen, self))

    def action_first_look(self) -> None:
        """Show what is missing, odd or double in the coalition."""
        from partners_crm.tui.screens.first_look import FirstLookScreen

        if self._crm is not None and len(self.screen_stack) == 1:
            self.push_screen(FirstLookScreen())

    def action_share(self) -> None:
        """Hide what is for staff only while others look at the screen, or show it again."""
        from partners_crm.tui.screens.base import MainScreen

        if self.plugins.share():
            self.notice("shared screen: what is for staff only is hidden", "P shows it again")
        else:
            self.notice("what is for staff only is shown again")
        for screen in self.screens_open:
            if isinstance(screen, MainScreen):
                screen.mark_shared()
        self.changed()

    def action_find(self) -> None:
        """Find a record of any kind by what is said of it; a form or a question that is open comes first."""
        from partners_crm.tui.screens.base import MainScreen
        from partners_crm.tui.screens.find import Find

        if self._crm is not None and isinstance(self.screen, MainScreen):
            self.push_screen(Find())

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The actions of the present screen and of the program, for the palette."""
        seen = set()
        for node in (screen, screen.focused, self):
            for binding in getattr(type(node), "BINDINGS", []) if node is not None else []:
                if isinstance(binding, Binding) and binding.description and binding.id not in seen:
                    seen.add(binding.id)
                    key = binding.key.split(",")[0]
                    yield SystemCommand(
                        binding.description, f"key {key}", lambda node=node, binding=binding: self._act(node, binding)
                    )

    async def _act(self, node: Any, binding: Binding) -> None:
        await self.run_action(binding.action, node)

    def _maker(self, name: str) -> Callable[[], Screen[Any]]:
        def make() -> Screen[Any]:
            # Each screen is imported when it is first opened: the first paint pays for one of them.
            if name == "districts":
                from partners_crm.tui.screens.districts import Districts

                return Districts()
            if name == "views":
                from partners_crm.tui.screens.views import Views

                return Views()
            if name == "plugins":
                from partners_crm.tui.screens.plugins import PluginsScreen

                return PluginsScreen()
            if name == "review":
                from partners_crm.tui.screens.review import Review

                return Review()
            if name == "history":
                from partners_crm.tui.screens.history import History

                return History()
            from partners_crm.tui.screens.records import Records

            return Records(name)

        return make

    # ---------------------------------------------------------------- crash

    def _fatal_error(self) -> None:
        """Write a report without values, instead of Textual's traceback, which prints local variables."""
        self.crash_report = write_crash(self.crash_folder, sys.exc_info()[1] or self._exception)
        with contextlib.suppress(Exception):  # whatever is broken may be broken here too
            self.drafts.write_down()
        self._close_messages_no_wait()


def run_app(
    path: Path,
    *,
    demo_path: Path,
    theme: str = "dark",
    crash_folder: Path | None = None,
    draft_folder: Path | None = None,
    plugins: Make | None = None,
) -> int:
    """Show the UI until the person leaves it; returns the exit code. `plugins` makes the registry of a coalition.

    Raises:
        PartnersError: the coalition cannot be opened.
    """
    app = PartnersApp(
        path,
        demo_path=demo_path,
        theme=theme,
        crash_folder=crash_folder,
        draft_folder=draft_folder,
        plugins=plugins,
    )
    app.run()
    if app.return_code in {INTERRUPTED, UNAVAILABLE}:
        return app.return_code
    if app.return_code:
        where = f"; a report without any data of yours is in {app.crash_report}" if app.crash_report else ""
        print(f"partners: internal error{where}", file=sys.stderr)
        return INTERNAL
    return app.return_value or 0
