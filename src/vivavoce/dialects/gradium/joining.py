"""How a request's text messages become one text.

Consecutive messages are joined by exactly one space, whatever stands at their own ends ("Text to speech", Gradium's
guide, read 2026-11-21): "foo" and "bar" is "foo bar", "foo" and "." is "foo .". So a word is whole as soon as its
message is, and the space is put *after* each message: what is spoken need not wait for the next one.

A ``<break>`` lasts 0.1 to 2 seconds at this vendor; a time outside of that is brought into it.
"""

from __future__ import annotations

from typing import Final

from vivavoce.text.markup import may_become_tag, tag_at

MIN_BREAK_S: Final = 0.1
MAX_BREAK_S: Final = 2.0


class Joiner:
    """The text of one request, as it comes."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, message: str) -> str:
        """What a message adds to the text; its end is held back while a tag may begin there."""
        words = message.strip()
        return self._bounded(f"{self._held}{words} ") if words else ""

    def end(self) -> str:
        """What was held back."""
        held, self._held = self._held, ""
        return held

    def _bounded(self, text: str) -> str:
        """``text`` with its breaks within bounds, up to a tag that is not whole."""
        out: list[str] = []
        self._held = ""
        at = 0
        while (start := text.find("<", at)) >= 0:
            out.append(text[at:start])
            tag = tag_at(text, start)
            if tag is None:
                if may_become_tag(text, start):
                    self._held = text[start:]
                    return "".join(out)
                out.append("<")
                at = start + 1
                continue
            seconds = tag.pause_s and min(MAX_BREAK_S, max(MIN_BREAK_S, tag.pause_s))
            out.append("<flush>" if seconds is None else f'<break time="{seconds:g}s"/>')
            at = tag.stop
        return "".join(out) + text[at:]
