"""Claude's words and ours."""
