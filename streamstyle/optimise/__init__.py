"""One frame's optimisation: its losses, their gradient, the objective and the search for its minimum."""
