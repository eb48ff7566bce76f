"""Text: str in, str out; pure."""
