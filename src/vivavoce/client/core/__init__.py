"""The SDK without I/O: every operation is a generator that asks its driver for what touches the world."""
