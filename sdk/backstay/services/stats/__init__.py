"""Statistics from the standard library alone: pure functions of numbers, the same on every machine."""
