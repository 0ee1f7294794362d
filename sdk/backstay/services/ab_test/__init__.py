"""A/B tests: what is compared, when it may stop, and a verdict that can be made again from what it carries."""
