"""The only code that awaits between a policy and an attempt."""
