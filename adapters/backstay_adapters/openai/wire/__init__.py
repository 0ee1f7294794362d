"""Between our words and the Images API's."""
