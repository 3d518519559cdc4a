"""streamstyle turns a whole film into a painting that moves."""

__version__ = "0.1.0"
