"""Resuming a run that was stopped or killed: its checkpoint, the signature of its settings, its partial output."""
