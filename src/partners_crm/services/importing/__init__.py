"""Importing a file of organizations and their people: read -> plan -> apply.

- `sheets` reads a file into headers and rows, or refuses it whole: a reader of its format (`services.formats`) makes
  rows of it (`input_files`), `headers` says where its header stands;
- `mapping` says what its columns mean (`targets`), as guessed from names and values (`guessing`) or saved in a file
  (`keeping`);
- `prepare` reads every cell (`cells`) and works out what follows from it, before the lock is taken;
- `known` is what the coalition knows of the rows of a batch (`keys`), `identity` says who each row is about;
- `planning` and `writing` turn rows into `steps` against what is known, writing nothing;
- `applying` carries the steps out in one unit of work, or in a preview that is rolled back, and makes a `report`;
- `problems` gives rejected rows back as a file; `whole` loads what `partners export --all` wrote.
"""
