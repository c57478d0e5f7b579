"""Timings against peers: ratios within one process, interleaved, medians. See `python -m benchmarks.forward --help`."""
