"""Piper voices: published VITS models, unchanged, that start to speak inside the sentence."""
