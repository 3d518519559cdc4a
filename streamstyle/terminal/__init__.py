"""What every command shares of a terminal: options, values, progress, interrupts, errors."""
