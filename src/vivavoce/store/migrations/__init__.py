"""Alembic scripts, run by ``store/migrate.py``."""
