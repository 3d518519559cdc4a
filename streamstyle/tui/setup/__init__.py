"""The screen on which a run is asked for: a film, a style, and how."""
