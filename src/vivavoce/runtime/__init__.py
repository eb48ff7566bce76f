"""Where the pure parts meet processes and time."""
