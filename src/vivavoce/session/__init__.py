"""One stream: its state table, its core, its marks and limits; pure."""
