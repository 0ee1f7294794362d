"""Benchmarks: ours and the peers side by side in one run. See README.md."""
