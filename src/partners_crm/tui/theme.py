"""The look: a quiet frame and one accent, dark, light, or without any colour."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="partners-dark",
    primary="#5fafd7",
    secondary="#87afaf",
    accent="#d7af5f",
    foreground="#d0d0d0",
    background="#1c1c1c",
    surface="#212121",
    panel="#2a2a2a",
    success="#87af5f",
    warning="#d7af5f",
    error="#d75f5f",
    dark=True,
)
LIGHT = Theme(
    name="partners-light",
    primary="#005f87",
    secondary="#5f8787",
    accent="#875f00",
    foreground="#262626",
    background="#f7f7f4",
    surface="#ffffff",
    panel="#e8e8e4",
    success="#005f00",
    warning="#875f00",
    error="#af0000",
    dark=False,
)
THEMES = {"dark": DARK, "light": LIGHT}
