"""Runs that are killed, damaged or given broken input, by the hundred; each case is repeated by its seed.

    python -m benchmarks.reliability --keep FOLDER

See docs/reliability.md.
"""
