"""Gradium's wire: one WebSocket message a thing, many requests a socket, 80 ms of audio a message."""

from vivavoce.dialects.gradium.routes import SERVICES, SOCKETS, SPEECH, VOICES, credential, refuse

__all__ = ["SERVICES", "SOCKETS", "SPEECH", "VOICES", "credential", "refuse"]
