"""Supertonic voices: published flow-matching models that read characters, one model for many speakers and languages."""
