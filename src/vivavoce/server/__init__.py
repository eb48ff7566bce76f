"""HTTP and WebSocket on one port; translations are in ``dialects``, synthesis in ``runtime``."""
