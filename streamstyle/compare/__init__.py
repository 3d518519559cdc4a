"""Methods side by side: each run once and kept, a labelled film of all, and a report."""
