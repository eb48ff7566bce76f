"""Vivavoce: a self-hosted server for live speech.

Importing this package is light: it loads no engine, no numpy and no web framework.
"""

__version__ = "0.1.0"
