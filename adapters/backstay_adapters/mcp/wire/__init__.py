"""MCP's words and ours."""
