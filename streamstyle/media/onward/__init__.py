"""What a run leaves behind, so that another can go on where it was."""
