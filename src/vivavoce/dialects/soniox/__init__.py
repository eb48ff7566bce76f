"""Soniox's wire: real-time and plain text-to-speech, and the management calls beside them."""

from vivavoce.dialects.soniox.routes import SERVICES, SOCKETS, SPEECH, credential, refuse
from vivavoce.dialects.soniox.voices import VOICES

__all__ = ["SERVICES", "SOCKETS", "SPEECH", "VOICES", "credential", "refuse"]
