"""Services on top of any ad platform: they know the protocol and the models, no vendor, no engine."""
