"""The terminal UI: a viewer of runs, which are processes of their own. Imports no torch."""
