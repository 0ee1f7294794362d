"""Where cached answers are kept: in memory, or in a file that outlives the process."""
