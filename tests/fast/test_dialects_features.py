"""Every claim of the table of wires (``docs/reference/dialects.md``), tried on the wires' own adapters."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from starlette.routing import Route

import feature_table
from paper_desk import PaperDesk, ask, resolve, voice
from rehearsal import house
from vivavoce.dialects.contract import Connection, Handshake, Start, Welcome
from vivavoce.dialects.desk import Upload
from vivavoce.dialects.features import KeyPlace, Means
from vivavoce.dialects.native import reading as native_reading
from vivavoce.dialects.native.adapter import NativeExchange, NativeSockets
from vivavoce.errors import UnknownOptionError, VivavoceError
from vivavoce.formats import ALIASES
from vivavoce.server.app import routes
from vivavoce.server.cors import Cors
from vivavoce.server.resume import RangedEndpoint, ResumingEndpoint
from vivavoce.server.table import NATIVE, WIRES, Wire, personas
from vivavoce.settings import Settings
from vivavoce.speech import Open
from vivavoce.voices.casting import cast
from vivavoce.voices.catalogue import Catalogue

pytestmark = pytest.mark.fast

ALL = pytest.mark.parametrize("wire", [NATIVE, *WIRES], ids=lambda wire: wire.name)
SETTINGS = Settings()
PATH = {"voice_id": "rms"}
PLAIN: Mapping[str, Mapping[str, Any]] = {
    "native": {"text": "Hi."},
    "soniox": {"model": "tts-rt-v2", "language": "en", "voice": "rms", "audio_format": "wav", "text": "Hi."},
    "gradium": {"text": "Hi.", "voice_id": "rms", "output_format": "wav"},
    "supertone": {"text": "Hi.", "language": "en"},
    "suonora": {"input": "Hi.", "model": "sonic-speed", "voice": "jennifer"},
}
"""The least that a request of each wire says."""
FORMAT_FIELD = {"native": "format", "soniox": "audio_format", "suonora": "response_format"}
MARKS_FIELDS: Mapping[str, Any] = {"return_timestamps": True, "include_phonemes": True, "only_audio": False}
MEANS: Mapping[Means, tuple[Callable[[Open], Any], Mapping[str, Mapping[str, Any]]]] = {
    "speed": (
        lambda opened: opened.prosody.speed,
        {
            "native": {"speed": 1.2},
            "soniox": {"speed": 1.2},
            "gradium": {"json_config": {"padding_bonus": -2}},
            "supertone": {"voice_settings": {"speed": 1.2}},
            "suonora": {"speed": 1.2},
        },
    ),
    "pitch": (
        lambda opened: opened.prosody.pitch_semitones,
        {
            "native": {"pitch": 2},
            "soniox": {"pitch": 2},
            "gradium": {"json_config": {"pitch": 2}, "pitch": 2},
            "supertone": {"voice_settings": {"pitch_shift": 2}},
            "suonora": {"pitch": "+10%"},
        },
    ),
    "intonation": (
        lambda opened: opened.prosody.pitch_range,
        {
            "native": {"pitch_range": 0.5},
            "soniox": {"pitch_range": 0.5},
            "gradium": {"json_config": {"temp": 0}},
            "supertone": {"voice_settings": {"pitch_variance": 0.5}},
            "suonora": {"pitch_range": 0.5},
        },
    ),
    "volume": (
        lambda opened: opened.prosody.volume,
        {name: {"volume": 0.5} for name in PLAIN},
    ),
    "style": (
        lambda opened: opened.style,
        {name: {"style": "sad"} for name in PLAIN},
    ),
    "duration": (
        lambda opened: opened.duration_s,
        {name: {"duration": 3.0} for name in PLAIN} | {
            "native": {"duration_s": 3.0},
            "supertone": {"voice_settings": {"duration": 3.0}},
        },
    ),
    "short pauses": (
        lambda opened: opened.reduce_silence,
        {name: {"reduce_silence": True} for name in PLAIN},
    ),
    "seed": (
        lambda opened: opened.seed,
        {name: {"seed": 7} for name in PLAIN},
    ),
}  # fmt: skip
KEYS: Mapping[KeyPlace, tuple[dict[str, str], dict[str, str], tuple[str, ...]]] = {
    "bearer": ({"authorization": "Bearer k"}, {}, ()),
    "api-key": ({"authorization": "Api-Key k"}, {}, ()),
    "x-api-key": ({"x-api-key": "k"}, {}, ()),
    "x-sup-api-key": ({"x-sup-api-key": "k"}, {}, ()),
    "token": ({}, {"token": "k"}, ()),
    "subprotocol": ({}, {}, ("vivavoce.v1", "vivavoce.key.k", "soniox-api-key", "k")),
}
"""Headers, query and subprotocols that have the key "k" in that place."""


def opened(wire: Wire, **fields: Any) -> Open:
    """What the wire's first way to send a whole text understands. Raises VivavoceError."""
    body = json.dumps({**PLAIN[wire.name], **fields}).encode()
    if wire is NATIVE:
        exchange: Any = NativeExchange(resolve)
    else:
        exchange = next(iter(wire.speech(SETTINGS).values()))(resolve)(PATH)
    found: Open = exchange.read(body, {}, {}).open
    return found


def dialled(wire: Wire) -> Connection:
    """A socket of the wire."""
    if wire is NATIVE:
        sockets: Any = NativeSockets(resolve, 300.0)
    else:
        sockets = next(iter(wire.sockets.values()))(resolve, SETTINGS)
    greeting = sockets.greet(Handshake({}, {}, ()), None)
    assert isinstance(greeting, Welcome)
    return greeting.connection


def begins(connection: Connection, wire: Wire, number: int, **fields: Any) -> Start | None:
    """Whether the socket takes one more stream, and which."""
    openings: dict[str, dict[str, Any]] = {
        "native": {"type": "open", "stream": number},
        "soniox": {**PLAIN["soniox"], "stream_id": f"s{number}"},
        "gradium": {"type": "setup", "client_req_id": f"s{number}", "close_ws_on_eos": False},
    }
    message = {name: value for name, value in openings[wire.name].items() if name != "text"}
    actions = connection.receive(json.dumps({**message, **fields}))
    start = next((action for action in actions if isinstance(action, Start)), None)
    if start is not None:
        connection.opened(start.stream, 24_000)
    return start


@ALL
def test_formats_are_made_and_no_others(wire: Wire) -> None:
    field = FORMAT_FIELD.get(wire.name, "output_format")
    for name in wire.features.formats:
        assert opened(wire, **{field: name}).format.rate_hz >= 8000, name
    if wire.name == "suonora":  # has no field for it
        assert opened(wire, response_format="wav").format.name == "mp3"
        return
    others = {name for one in (NATIVE, *WIRES) for name in one.features.formats} | {"mp4"}
    for name in others - set(wire.features.formats) - (set(ALIASES) if wire is NATIVE else set()):
        with pytest.raises(VivavoceError):
            opened(wire, **{field: name})


@ALL
def test_marks_are_those_that_can_be_asked_for(wire: Wire) -> None:
    fields = {"marks": ["word", "phoneme", "character"]} if wire is NATIVE else MARKS_FIELDS
    assert opened(wire, **fields).marks == set(wire.features.marks)


@ALL
def test_streams_on_one_socket_are_bounded_by_the_wire_where_it_says_so(wire: Wire) -> None:
    assert bool(feature_table.sockets(wire)) == (wire.name in ("native", "soniox", "gradium"))
    if not feature_table.sockets(wire):
        assert wire.features.streams_a_socket is None
        return
    connection = dialled(wire)
    bound = wire.features.streams_a_socket
    for number in range(1, (bound or 200) + 1):
        assert begins(connection, wire, number), number
    assert (begins(connection, wire, 999) is None) == (bound is not None)


@ALL
@pytest.mark.parametrize("means", MEANS)
def test_a_request_sets_what_the_wire_has_words_for(wire: Wire, means: Means) -> None:
    of, fields = MEANS[means]
    plain, asked = of(opened(wire)), of(opened(wire, **fields[wire.name]))
    assert (plain != asked) == (means in wire.features.means)


@ALL
@pytest.mark.parametrize("place", KEYS)
def test_the_key_is_looked_for_where_the_table_says(wire: Wire, place: KeyPlace) -> None:
    found = wire.credential(*KEYS[place])
    assert found == ("k" if place in wire.features.keys else None)


@pytest.mark.parametrize("wire", [one for one in (NATIVE, *WIRES) if feature_table.sockets(one)])
def test_a_key_in_the_first_message(wire: Wire) -> None:
    start = begins(dialled(wire), wire, 1, api_key="k")
    found = start.credential if start else None
    assert found == ("k" if "message" in wire.features.keys else None)


@ALL
def test_short_lived_keys_are_made_where_the_table_says(wire: Wire) -> None:
    paths = {f"{one.method} {one.path}" for one in wire.services(SETTINGS)}
    claimed = wire.features.temporary_keys
    if not claimed:
        assert not any("temporary" in path or "token" in path for path in paths)
        return
    desk = PaperDesk()
    body = json.dumps({"usage_type": "tts_rt", "expires_in_seconds": 60}).encode()
    method, path = claimed.split(" ")
    assert ask(wire.services(SETTINGS), method, path, desk, body=body).status in (200, 201)
    assert [key.temporary for key in desk.issued] == [True]


@ALL
def test_a_recording_makes_a_voice_where_the_table_says(wire: Wire) -> None:
    services = wire.services(SETTINGS)
    large = [one.path for one in services if one.max_body_bytes > 1 << 20]
    claimed = wire.features.uploads
    assert bool(claimed) == bool(large)
    if not claimed:
        return
    assert claimed in large
    desk, upload = PaperDesk(), Upload("me.wav", "audio/wav", b"RIFF\0\0\0\0WAVE" + bytes(400))
    files = dict.fromkeys(("file", "files", "audio_file"), upload)
    answer = ask(services, "POST", claimed, desk, fields={"name": "Me"}, files=files)
    assert answer.status in (200, 201), answer.body
    assert list(desk.samples.values()) == [upload]


@ALL
def test_a_request_names_a_dictionary_and_rules_where_the_table_says(wire: Wire) -> None:
    for member in ("dictionary_id", "rewrite_rules"):
        claims = {one.name: _claim(one, member) for one in (NATIVE, *WIRES)}
        if claimed := claims[wire.name]:
            assert getattr(opened(wire, **_nested(claimed)), member) == "en"
            continue
        for other in filter(None, claims.values()):
            assert getattr(opened(wire, **_nested(other)), member) in (None, "")


def _claim(wire: Wire, member: str) -> str:
    return wire.features.dictionary if member == "dictionary_id" else wire.features.rewrite


def _nested(path: str) -> dict[str, Any]:
    """The request's field at ``path``, saying "en"."""
    first, _, rest = path.partition(".")
    return {first: _nested(rest) if rest else "en"}


@ALL
def test_breaks_and_pages_of_other_origins(wire: Wire) -> None:
    home, _ = house()
    endpoints = {route.path: route.endpoint for route in routes(home) if isinstance(route, Route)}
    for path in feature_table.speech(wire):
        endpoint = endpoints[path if wire is NATIVE else f"/{wire.name}{path}"]
        assert isinstance(endpoint, Cors) == wire.browsers
        inner = getattr(endpoint, "app", endpoint)
        assert isinstance(inner, ResumingEndpoint) == ("download" in wire.features.resumes)
        assert isinstance(inner, RangedEndpoint) == ("range" in wire.features.resumes)
    try:
        session = native_reading.message('{"type":"session"}') if wire is NATIVE else None
    except UnknownOptionError:
        session = None
    assert (session is not None) == ("session" in wire.features.resumes)


@ALL
def test_every_voice_name_that_is_counted_is_spoken_by_its_gender(wire: Wire) -> None:
    languages = ("en-US", "en-GB", "fr-FR", "de-DE", "es-ES", "es-MX", "pt-BR")
    catalogue = Catalogue([voice("eve", *languages), voice("adam", *languages, gender="male")])
    names = personas()
    for name, alias in wire.voices.items():
        found = cast(catalogue, names, None, name, None).voice
        assert alias.gender in ("neutral", found.gender), name
    shown = next(row for row in feature_table.reference() if row[0].startswith("voice names"))
    column = [one.name for one in (NATIVE, *WIRES)].index(wire.name) + 1
    assert shown[column].split()[0] == (str(len(wire.voices)) if wire.voices else "installed")
