"""Supertone's wire: speech over HTTP, WAV, MP3 or lines with phonemes; voices, custom voices, credits and usage."""
