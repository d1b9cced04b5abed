"""What the plugin interface is called and which version it has: names alone, known before any plugin is loaded."""

from __future__ import annotations

PROJECT = "partners_crm"
"""What pluggy calls us; also the entry-point group of plugins that need no screen."""
SCREEN_GROUP = "partners_crm.tui"
"""The entry-point group of what is loaded with the terminal UI alone."""
API_VERSION = 1
"""What a plugin declares that it fits; it grows when something is taken away or changes its meaning."""
OLDEST_API = 1
"""The oldest version that still fits."""
INFO_HOOK = "plugin_info"
HEADLESS_HOOKS = (
    INFO_HOOK,
    "register_record_types",
    "register_importers",
    "register_exporters",
    "register_geocoders",
    "register_checks",
    "register_reports",
    "register_commands",
    "register_query_fields",
)
"""The hooks of the headless group, in the order of their specifications."""
SCREEN_HOOKS = ("register_views", "register_tabs", "register_columns", "register_actions")
"""The hooks of the group of the terminal UI."""
HOOKS = (*HEADLESS_HOOKS, *SCREEN_HOOKS)
