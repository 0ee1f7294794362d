"""Rules: conditions on live numbers, and what is done when they are true, within limits and with a record."""
