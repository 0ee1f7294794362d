"""Where cached answers are kept."""
