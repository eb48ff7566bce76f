"""Every option of the server, written once: default, environment variable, range and help come from here.

``vivavoce serve --help``, the table in ``docs/reference/settings.md`` and the environment are all read off
:data:`OPTIONS`. The order of precedence is: command line, then environment, then default.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_type_hints

from vivavoce.errors import OutOfRangeError, quoted

PREFIX: Final = "VIVAVOCE_"


def _option(
    default: Any,
    help_: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    return field(default=default, metadata={"help": help_, "low": low, "high": high, "choices": choices})


def _data_dir() -> str:
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return str(Path(base) / "vivavoce")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The options of one server, checked."""

    host: str = _option("127.0.0.1", "Address to listen on.")
    port: int = _option(8080, "Port to listen on; 0 picks a free one.", low=0, high=65535)
    data_dir: str = field(
        default_factory=_data_dir, metadata={"help": "Folder of all state.", "low": None, "high": None}
    )
    insecure: bool = _option(False, "Serve other addresses than loopback although no keys exist.")
    log_level: str = _option(
        "info",
        "The least that is logged, on standard error; info has a line for every stream.",
        choices=("critical", "error", "warning", "info", "debug"),
    )

    database_url: str = _option(
        "", "PostgreSQL address of the store; empty means SQLite in the data directory."
    )
    store_refresh_s: float = _option(
        2.0, "Interval of looking for keys, dictionaries and voices changed elsewhere.", low=0.05, high=3600
    )
    usage_queue: int = _option(50_000, "Usage rows that may wait for the database.", low=1, high=10_000_000)
    usage_days: int = _option(400, "Days after which usage rows are deleted.", low=32, high=36_500)

    workers: int = _option(0, "Engine worker processes; 0 means one per core.", low=0, high=512)
    engines: str = _option("", "Engines to use, comma separated; empty means all that are installed.")
    unknown_voice: str = _option(
        "refuse",
        "What a voice name that nobody here has gets: refuse, or default, the best voice of the language.",
        choices=("refuse", "default"),
    )
    worker_retries: int = _option(
        1, "Tries again for an utterance whose worker died unheard.", low=0, high=10
    )
    quarantine_after: int = _option(
        3, "Worker deaths after which a voice is not used again.", low=1, high=1000
    )
    spare_workers: int = _option(
        -1,
        "Workers kept started, with the voices in use loaded, for one that dies; -1 keeps one as soon as a voice takes "
        "over 100 MB or half a second to load.",
        low=-1,
        high=16,
    )
    voice_memory_mb: int = _option(
        1024, "Memory for loaded neural voices in each worker, in MB.", low=16, high=1_000_000
    )

    lead_s: float = _option(
        10.0, "Audio made ahead of a listener's playback, in seconds.", low=0.2, high=86_400
    )
    first_deadline_s: float = _option(0.1, "Deadline of a new stream's first audio.", low=0.001, high=10)
    outlet_s: float = _option(
        1.0, "Audio a stream may hold unsent before its work pauses.", low=0.05, high=600
    )
    max_load: float = _option(
        0.95, "Share of the cores that live streams may need before new ones are refused.", low=0.05, high=100
    )
    admission_wait_s: float = _option(
        0.0, "How long a stream that finds no room may wait for it; 0 refuses it at once.", low=0, high=600
    )
    admission_queue: int = _option(64, "Streams that may wait for room.", low=1, high=100_000)
    retry_after_s: float = _option(1.0, "What refused callers are told to wait.", low=0, high=3600)

    first_unit_words: int = _option(
        4, "Words after which the first unit of a stream is cut.", low=1, high=100
    )
    max_unit_chars: int = _option(300, "Longest unit of text given to an engine.", low=40, high=2000)
    idle_flush_s: float = _option(
        0.4, "Silence of the writer after which whole words are spoken.", low=0.02, high=60
    )
    dictionary: str = _option(
        "", "Id of the pronunciation dictionary of every stream that names none; empty is none."
    )

    max_text_chars: int = _option(2_000_000, "Text of one stream, in characters.", low=1, high=1_000_000_000)
    max_message_bytes: int = _option(1 << 20, "One WebSocket message.", low=1024, high=1 << 28)
    max_body_bytes: int = _option(8 << 20, "One HTTP request body.", low=1024, high=1 << 30)
    max_complete_bytes: int = _option(
        64 << 20, "One answer that is made whole before it is sent.", low=1024, high=1 << 34
    )
    max_streams: int = _option(1024, "Live streams of the whole server.", low=1, high=100_000)
    max_streams_per_socket: int = _option(64, "Live streams of one socket.", low=1, high=10_000)
    idle_timeout_s: float = _option(
        300.0, "A stream that neither writes nor speaks ends after this.", low=1, high=86_400
    )
    drain_s: float = _option(10.0, "Time for live streams to finish at SIGTERM.", low=0, high=3600)
    ws_ping_s: float = _option(5.0, "Interval of WebSocket pings.", low=0.5, high=3600)
    ws_ping_timeout_s: float = _option(
        60.0, "A WebSocket whose pong is missing for this long is closed.", low=1, high=3600
    )
    resume_window_s: float = _option(
        15.0, "How long a native session waits for a client whose socket dropped.", low=0, high=3600
    )
    resume_bytes: int = _option(
        262_144, "Frames kept for such a client; work pauses beyond it.", low=65_536, high=1 << 30
    )
    replay_window_s: float = _option(
        60.0,
        "How long a broken download can be taken up again, where a wire has that; 0 means never.",
        low=0,
        high=3600,
    )
    replay_bytes: int = _option(
        64 << 20, "Audio kept for downloads that break, in all.", low=1024, high=1 << 34
    )
    cors_origins: str = _option(
        "*", "Web origins that may use the wires made for browsers, comma separated; * is any, empty is none."
    )
    supertone_speed_divides: bool = _option(
        False, "On Supertone's wire speed shortens a given duration, instead of lengthening it as documented."
    )
    supertone_any_model_streams: bool = _option(
        False, "On Supertone's wire every model streams, not only the one that the vendor lets stream."
    )
    send_buffer_bytes: int = _option(65_536, "Kernel send buffer of a connection.", low=4096, high=1 << 26)

    def __post_init__(self) -> None:
        for option in OPTIONS:
            value = getattr(self, option.name)
            if (option.low is not None and value < option.low) or (
                option.high is not None and value > option.high
            ):
                raise OutOfRangeError(
                    f"{option.environment}: expected {option.low:g} to {option.high:g}, got {value}",
                    param=option.name,
                )
            if option.choices and value not in option.choices:
                raise OutOfRangeError(
                    f"{option.environment}: expected {' or '.join(option.choices)}, got {quoted(value)}",
                    param=option.name,
                )


@dataclass(frozen=True)
class Option:
    """One row of the settings table."""

    name: str
    type: type
    help: str
    low: float | None
    high: float | None
    choices: tuple[str, ...] = ()
    """All that a text may be; empty where it may be anything."""

    @property
    def environment(self) -> str:
        """Its variable: ``VIVAVOCE_PORT``."""
        return PREFIX + self.name.upper()

    @property
    def flag(self) -> str:
        """Its flag of ``vivavoce serve``: ``--ws-ping-s``."""
        return "--" + self.name.replace("_", "-")

    def parse(self, text: str) -> Any:
        """The value written as ``text``. Raises OutOfRangeError naming what was expected."""
        if self.type is bool:
            word = text.strip().lower()
            if word in ("1", "true", "yes", "on"):
                return True
            if word in ("0", "false", "no", "off", ""):
                return False
            raise OutOfRangeError(
                f"{self.environment}: expected true or false, got {quoted(text)}", param=self.name
            )
        try:
            return self.type(text)
        except ValueError:
            kind = {int: "a whole number", float: "a number"}[self.type]
            raise OutOfRangeError(
                f"{self.environment}: expected {kind}, got {quoted(text)}", param=self.name
            ) from None


def _options() -> tuple[Option, ...]:
    hints = get_type_hints(Settings)
    return tuple(
        Option(
            f.name,
            hints[f.name],
            f.metadata["help"],
            f.metadata["low"],
            f.metadata["high"],
            f.metadata.get("choices", ()),
        )
        for f in dataclasses.fields(Settings)
    )


OPTIONS: Final[tuple[Option, ...]] = _options()

ENGINES_NEED: Final = ("data_dir", "voice_memory_mb")
"""Options that engines look up, in the environment of the worker they run in."""


def exported(settings: Settings) -> dict[str, str]:
    """What a worker's environment has to say, whether the options came from flags or from here."""
    return {o.environment: str(getattr(settings, o.name)) for o in OPTIONS if o.name in ENGINES_NEED}


def load(environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Settings from the environment, overridden by those of ``given`` that are not ``None``.

    Raises OutOfRangeError for a value that does not parse or is out of range.
    """
    source = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for option in OPTIONS:
        if given.get(option.name) is not None:
            values[option.name] = given[option.name]
        elif option.environment in source:
            values[option.name] = option.parse(source[option.environment])
    return Settings(**values)
