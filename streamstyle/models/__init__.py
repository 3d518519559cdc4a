"""The neural networks, and how they are loaded from weights files."""
