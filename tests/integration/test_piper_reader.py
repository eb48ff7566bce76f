"""The reader of Piper's voices survives what crashes the bare library, which would take the worker with it."""

from __future__ import annotations

import pytest

from vivavoce.engines.piper.espeak_text import EspeakText, installed

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def reader() -> EspeakText:
    found = installed()
    assert found is not None
    return EspeakText(*found)


@pytest.mark.parametrize("voice", ["da", "hi", "vi", "ar", "fi", "ti"])
@pytest.mark.parametrize("text", ["'-a", "a." * 500, "\u28ff", "x\u28df\u287f"])
def test_texts_that_crash_the_bare_library_are_read(reader: EspeakText, voice: str, text: str) -> None:
    clauses = reader.clauses(voice, f"1 {text} 1.")
    assert "".join(clause.ipa for clause in clauses).strip()
    assert any(event.kind == "word" for event in reader.events(voice, f"1 {text} 1."))
