"""The state table: complete, and the picture in the docs is drawn from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from vivavoce.errors import OutOfOrderError
from vivavoce.formats import audio_format
from vivavoce.session.table import OVER, TABLE, Outcome, State, after_command, after_outcome, diagram
from vivavoce.speech import Cancel, Command, End, Flush, Open, Text

pytestmark = pytest.mark.fast

COMMANDS: list[Command] = [
    Text("a"),
    Flush(),
    End(),
    Cancel(),
    Open(voice="v", format=audio_format("wav")),
]


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: type(c).__name__)
def test_every_command_in_every_state_is_allowed_by_the_table_or_refused(
    state: State, command: Command
) -> None:
    expected = {(s, t): to for (s, t), to in TABLE.items() if not isinstance(t, Outcome)}
    following = next((to for (s, t), to in expected.items() if s is state and t is type(command)), None)
    if following is None:
        with pytest.raises(
            OutOfOrderError, match=f"may not come while the stream is {state.value}; expected"
        ):
            after_command(state, command)
    else:
        assert after_command(state, command) is following


def test_nothing_leads_out_of_an_ended_stream() -> None:
    for (state, _), to in TABLE.items():
        if state in OVER:
            assert to is state
    for state in OVER:
        assert after_outcome(state, Outcome.BROKEN) is state
        assert after_outcome(state, Outcome.SPOKEN) is state


def test_text_may_not_follow_the_end() -> None:
    with pytest.raises(OutOfOrderError, match="expected cancel"):
        after_command(State.FINISHING, Text("more"))


def test_the_diagram_in_the_docs_is_the_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "session-states.md").read_text()
    assert f"```mermaid\n{diagram()}\n```" in page
