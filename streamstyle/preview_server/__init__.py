"""A process that reads films and stylises single frames for the TUI's start screen."""
