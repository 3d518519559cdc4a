"""What makes the assets that ship: not installed."""
