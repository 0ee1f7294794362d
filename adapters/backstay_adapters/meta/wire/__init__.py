"""Meta's words and ours, both ways."""
