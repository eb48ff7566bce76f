"""What alembic runs: migrations over the connection that ``store/migrate.py`` hands in, within its transaction."""

from __future__ import annotations

from alembic import context

from vivavoce.store.models import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a column; batch mode copies the table instead
)
with context.begin_transaction():
    context.run_migrations()
