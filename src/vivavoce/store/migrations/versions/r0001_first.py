"""The first tables: keys, dictionaries, voices, usage."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _keys()
    _dictionaries()
    _voices()
    _usage()
    revisions = op.create_table(
        "revisions",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(revisions, [{"name": name, "number": 0} for name in ("keys", "dictionaries", "voices")])


def _keys() -> None:
    op.create_table(
        "keys",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double),
        sa.Column("revoked_at", sa.Double),
        sa.Column("used_at", sa.Double),
        sa.Column("temporary", sa.Boolean, nullable=False),
        sa.Column("parent_id", sa.String(64)),
        sa.Column("single_use", sa.Boolean, nullable=False),
        sa.Column("max_session_s", sa.Double),
        sa.Column("client_reference_id", sa.String(256)),
        sa.Column("limits", sa.JSON, nullable=False),
    )


def _dictionaries() -> None:
    op.create_table(
        "dictionaries",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("language", sa.String(35)),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("entries", sa.JSON, nullable=False),
        sa.Column("owner", sa.String(64)),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
    )


def _voices() -> None:
    op.create_table(
        "voices",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("language", sa.String(35)),
        sa.Column("gender", sa.String(16), nullable=False),
        sa.Column("base_voice", sa.String(200), nullable=False),
        sa.Column("prosody", sa.JSON, nullable=False),
        sa.Column("style", sa.String(64), nullable=False),
        sa.Column("style_degree", sa.Double, nullable=False),
        sa.Column("sample", sa.JSON),
        sa.Column("owner", sa.String(64)),
        sa.Column("dialect", sa.String(32), nullable=False),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
    )


def _usage() -> None:
    op.create_table(
        "usage",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(64)),
        sa.Column("dialect", sa.String(32), nullable=False),
        sa.Column("voice", sa.String(200), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("characters", sa.Integer, nullable=False),
        sa.Column("audio_s", sa.Double, nullable=False),
        sa.Column("started_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_ms", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(64), nullable=False),
        sa.Column("request_id", sa.String(256), nullable=False),
        sa.Column("client_reference_id", sa.String(256), nullable=False),
    )
    op.create_index("usage_by_end", "usage", ["ended_ms", "id"])
    op.create_index("usage_by_account", "usage", ["account", "ended_ms"])
    op.create_table(
        "spent",
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("characters", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    for table in ("revisions", "spent", "usage", "voices", "dictionaries", "keys"):
        op.drop_table(table)
