"""A run seen from outside: its folder, state, statistics, control and launching."""
