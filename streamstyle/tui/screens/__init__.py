"""Full screens: the run, what came of it, and choosing a file."""
