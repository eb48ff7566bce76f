"""What engines of neural voices share: sessions, untrusted model files, loudness, and the process that prepares a voice."""
