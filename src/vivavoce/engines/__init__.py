"""Engines: each turns one utterance at a time into samples and marks, in cooperative steps."""
