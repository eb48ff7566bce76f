"""``usages/`` and ``api-keys/token``: what a key has used, and short-lived keys for browsers.

One credit is one character. A key without a monthly limit is told of :data:`NO_LIMIT` credits, as the clients need a
number.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Final

from vivavoce.dialects.desk import Answer, Call, Desk
from vivavoce.dialects.gradium.calls import answer, moment
from vivavoce.dialects.gradium.messages import FRAME_MS

NO_LIMIT: Final = 1_000_000_000
TOKEN_LIFE_S: Final = 300.0
"""Within which a browser must have opened its socket; the vendor says no more than "short-lived"."""


async def credits_left(call: Call, desk: Desk) -> Answer:
    """``GET usages/credits``."""
    allowed = desk.character_allowance(call.account)
    used = desk.characters_this_month(call.account)
    most = NO_LIMIT if allowed is None else allowed
    _, stop = _month(call.now)
    return answer(
        {
            "remaining_credits": max(0, most - used),
            "allocated_credits": most,
            "billing_period": "monthly",
            "next_rollover_date": stop.date().isoformat(),
            "plan_name": "unlimited" if allowed is None else "limited",
        }
    )


async def summary(call: Call, desk: Desk) -> Answer:
    """``GET usages/summary``: this month. Messages are not counted one by one: a request is one message in, 80 ms of
    audio one out."""
    start, stop = _month(call.now)
    totals = await desk.usage_totals(start.timestamp(), stop.timestamp(), account=call.account)
    characters = sum(total.characters for total in totals)
    sessions = sum(total.requests for total in totals)
    audio_s = float(sum(total.audio_s for total in totals))
    return answer(
        {
            "consumed_credits": characters,
            "sessions": sessions,
            "ingress_messages": sessions,
            "ingress_text_size": characters,
            "ingress_audio_duration": 0.0,
            "egress_messages": math.ceil(audio_s * 1000 / FRAME_MS),
            "egress_text_size": characters,
            "egress_audio_duration": audio_s,
        }
    )


async def token(call: Call, desk: Desk) -> Answer:
    """``GET api-keys/token``: a key for one socket, to be given as ``?token=``."""
    issued = await desk.temporary_key(call.key, ttl_s=TOKEN_LIFE_S, single_use=True)
    expires_at = issued.key.expires_at or call.now + TOKEN_LIFE_S
    return answer({"token": issued.secret, "expires_at": moment(expires_at)})


def _month(now: float) -> tuple[datetime, datetime]:
    """The first moments of this month and the next, UTC."""
    today = datetime.fromtimestamp(now, UTC)
    start = datetime(today.year, today.month, 1, tzinfo=UTC)
    return start, datetime(today.year + today.month // 12, today.month % 12 + 1, 1, tzinfo=UTC)
