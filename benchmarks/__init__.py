"""Measurements of the project by itself: `python -m benchmarks NAME [--json]`."""
