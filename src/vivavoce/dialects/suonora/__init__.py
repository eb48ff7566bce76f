"""Suonora's wire: MP3 over HTTP, whole or as it is made; voices and balance."""
