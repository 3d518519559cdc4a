"""A run that can be looked at while it goes on: its folder is written, and what is wished for there is done."""
