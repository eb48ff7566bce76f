"""The tables. ``migrations/versions/`` makes them; a test compares the two.

Times are Unix seconds, except in ``usage``: whole milliseconds there, so that both databases can round them to hours
and days with ``%`` alone.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

HEAD: Final = "0001"
"""The newest migration. A database that has it is opened without loading alembic."""

metadata = MetaData()

revisions = Table(
    "revisions",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("number", BigInteger, nullable=False),
)
"""One row a cached table: a number that every write raises, so that other processes see in one cheap query
whether to load again."""

keys = Table(
    "keys",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("prefix", String(16), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("revoked_at", Double),
    Column("used_at", Double),
    Column("temporary", Boolean, nullable=False),
    Column("parent_id", String(64)),
    Column("single_use", Boolean, nullable=False),
    Column("max_session_s", Double),
    Column("client_reference_id", String(256)),
    Column("limits", JSON, nullable=False),
)

dictionaries = Table(
    "dictionaries",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("language", String(35)),
    Column("description", Text, nullable=False),
    Column("entries", JSON, nullable=False),
    Column("owner", String(64)),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
)

voices = Table(
    "voices",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("name", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("language", String(35)),
    Column("gender", String(16), nullable=False),
    Column("base_voice", String(200), nullable=False),
    Column("prosody", JSON, nullable=False),
    Column("style", String(64), nullable=False),
    Column("style_degree", Double, nullable=False),
    Column("sample", JSON(none_as_null=True)),
    Column("owner", String(64)),
    Column("dialect", String(32), nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
)

usage = Table(
    "usage",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("account", String(64)),
    Column("dialect", String(32), nullable=False),
    Column("voice", String(200), nullable=False),
    Column("model", String(200), nullable=False),
    Column("characters", Integer, nullable=False),
    Column("audio_s", Double, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger, nullable=False),
    Column("status", String(64), nullable=False),
    Column("request_id", String(256), nullable=False),
    Column("client_reference_id", String(256), nullable=False),
    Index("usage_by_end", "ended_ms", "id"),
    Index("usage_by_account", "account", "ended_ms"),
)

spent = Table(
    "spent",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("characters", BigInteger, nullable=False),
)
"""Characters by calendar month ("2026-09", UTC) and account ("" without a key), written together with ``usage``:
the sum over a busy month would take seconds, and is wanted every two."""
