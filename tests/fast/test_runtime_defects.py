"""What is logged of a defect."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from rehearsal import VOICE
from vivavoce.errors import InternalError, VivavoceError
from vivavoce.runtime.clock import SystemClock
from vivavoce.runtime.defects import told
from vivavoce.runtime.driver import Stream
from vivavoce.session.table import State
from vivavoce.settings import Settings

pytestmark = pytest.mark.fast


def caught(raised: Exception, behind: Exception | None = None) -> Exception:
    with pytest.raises(type(raised)) as found:
        raise raised from behind
    return found.value


def test_kind_and_place_are_told_and_no_words() -> None:
    words = "what she said"
    said = told(caught(ValueError(words), caught(KeyError(words))))
    assert words not in said
    first, *rest = said.splitlines()
    assert first == "ValueError"
    assert "behind it: KeyError" in rest
    assert sum("in caught" in line for line in rest) == 2


def test_members_of_a_group_are_told() -> None:
    said = told(caught(ExceptionGroup("words", [caught(TypeError("words")), OSError("words")])))
    assert [line for line in said.splitlines() if not line.startswith(" ")] == [
        "ExceptionGroup",
        "behind it: TypeError",
        "behind it: OSError",
    ]


def test_what_was_hidden_on_purpose_stays_so() -> None:
    def hiding() -> NoReturn:
        try:
            raise KeyError("words")
        except KeyError:
            raise ValueError("words") from None

    with pytest.raises(ValueError, match="words") as found:
        hiding()
    assert "KeyError" not in told(found.value)


class BrokenSession:
    """A session with a defect, in whose words is what it was to say."""

    state = State.FINISHING
    owes = True
    failed: VivavoceError | None = None

    def deadline(self) -> None:
        """Nothing is brought about by time."""

    def pull(self) -> NoReturn:
        raise ValueError("what she said"[:])

    def abort(self, error: VivavoceError) -> None:
        self.failed, self.state = error, State.FAILED


def test_a_streams_defect_is_logged_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    session: Any = BrokenSession()
    backend: Any = SimpleNamespace(attach=lambda *_: SimpleNamespace(leave=lambda: None))

    async def story() -> None:
        stream = Stream(session, backend, VOICE, Settings(), SystemClock(), lambda: None)
        assert stream.pull() is None
        stream.cancel()

    asyncio.run(story())
    assert isinstance(session.failed, InternalError)
    assert "ValueError" in caplog.text
    assert "ValueError: what" not in caplog.text
