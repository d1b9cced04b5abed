"""The terminal UI: one of the two faces, and a composition root.

Text from outside reaches a widget only through `display`; nothing else in this folder hands a value to Textual.
"""
