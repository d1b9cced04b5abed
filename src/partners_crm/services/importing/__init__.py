"""Importing a file of organizations: read -> plan -> apply.

- `sheets` reads a file into headers and rows, or refuses it whole;
- `mapping` says which column is which field;
- `planning` turns rows into steps against what is known already, writing nothing;
- `applying` carries the steps out in one unit of work, or in a preview that is rolled back.
"""
