"""Benchmarks by hand; no test depends on a clock. ``python -m benchmarks.reach``."""
