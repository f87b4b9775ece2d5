"""Question, tool calls, grounded answer."""
