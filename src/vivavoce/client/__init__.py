"""The SDK (its first shapes are still to come)."""
