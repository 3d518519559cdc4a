"""Comparison of methods on one film: archived runs, metrics, a side-by-side film and a report."""
