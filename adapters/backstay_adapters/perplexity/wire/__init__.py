"""Perplexity's words and ours."""
