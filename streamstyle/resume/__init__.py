"""Checkpoints: what a stopped or killed run leaves behind, so that the next one resumes it."""
