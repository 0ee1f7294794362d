"""Between our words and the Gemini API's."""
