"""The verbs: one module for each thing the program does. They know neither screen nor plugin loader."""
