"""Files: films through PyAV, and flow kept on disk."""
