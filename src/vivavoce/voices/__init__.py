"""The catalogue of voices: names, aliases, and the best voice for a language."""
