"""Plugins behind the screens: the bridge that loads and calls them, and what is made of what they bring."""
