"""Thin widgets: they take values from outside through `display` alone, so that no text ever acts."""
