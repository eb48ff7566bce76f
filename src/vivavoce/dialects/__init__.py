"""Dialects: each vendor's wire as a pure translation to and from the vocabulary in ``speech``."""
