"""The native wire: what the SDK, the command line and the playground speak."""
