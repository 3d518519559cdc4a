"""Pure tensor functions: no memory, no files."""
