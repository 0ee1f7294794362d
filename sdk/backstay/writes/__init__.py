"""Writes that never happen twice: the journal of intents, and what to make of what was found."""
