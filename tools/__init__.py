"""Tools that make the assets of the package; not installed."""
