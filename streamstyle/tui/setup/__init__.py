"""The start screen, which asks for a film, a style and options."""
