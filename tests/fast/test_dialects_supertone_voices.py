"""Supertone's voices: those it lists, searched and in pages, and those that were cloned."""

from __future__ import annotations

import json

import pytest

from paper_desk import KEY, PaperDesk, ask, voice
from supertone_desk import ADAM, get, refusal
from vivavoce.dialects.desk import Answer, Upload
from vivavoce.dialects.supertone.cast import CAST, STYLES, VOICES
from vivavoce.dialects.supertone.routes import SERVICES
from vivavoce.errors import MessageTooLargeError
from vivavoce.records import CustomVoice, VoiceDraft
from vivavoce.speech import Prosody

pytestmark = pytest.mark.fast

WAV_FILE = Upload("me.wav", "audio/x-wav", b"RIFF\x00\x00\x00\x00WAVEfmt ")


# ---- voices -----------------------------------------------------------------------------------------------------


def test_a_vendors_voice_has_every_field_and_no_null_where_typescript_breaks() -> None:
    assert get(f"/v1/voices/{ADAM}") == {
        "voice_id": ADAM,
        "name": "Adam",
        "description": "Steady, trustworthy.",
        "age": "young-adult",
        "gender": "male",
        "use_case": "narration",
        "use_cases": ["narration"],
        "language": ["en", "fr"],
        "styles": list(STYLES),
        "models": [
            "sona_speech_1",
            "sona_speech_2",
            "sona_speech_2_flash",
            "supertonic_api_1",
            "supertonic_api_3",
            "sona_speech_2t",
            "sona_speech_3t",
        ],
    }


def test_an_installed_voice_is_listed_with_what_it_speaks() -> None:
    found = get("/v1/voices/siwis")
    assert found["language"] == ["fr"]
    assert "sona_speech_1" not in found["models"]
    assert get("/v1/voices", PaperDesk(voice("zulu", "zu-ZA")))["items"] == []


def test_an_unknown_voice_is_404() -> None:
    answer = ask(SERVICES, "GET", "/v1/voices/nobody", PaperDesk())
    assert refusal(answer) == (404, "Voice not found: there is no voice 'nobody'")


def test_pages_follow_each_other_and_the_sdk_sends_a_float() -> None:
    desk = PaperDesk(*(voice(f"v{i}", "en-US") for i in range(30)))
    total = 30 + len(CAST)
    first = get("/v1/voices", desk, page_size="20.0")
    assert (len(first["items"]), first["total"], first["next_page_token"]) == (20, total, "20")
    rest = get("/v1/voices", desk, page_size="100.0", next_page_token=first["next_page_token"])
    assert (len(rest["items"]), rest["next_page_token"]) == (total - 20, None)
    ids = [row["voice_id"] for row in first["items"] + rest["items"]]
    assert len(set(ids)) == total


@pytest.mark.parametrize(("size", "shown"), [("1", 10), ("-3", 10), ("1e9", 42), ("10.9", 10), ("", 20)])
def test_a_page_size_out_of_range_is_clamped(size: str, shown: int) -> None:
    desk = PaperDesk(*(voice(f"v{i}", "en-US") for i in range(42 - len(CAST))))
    assert len(get("/v1/voices", desk, page_size=size)["items"]) == shown


@pytest.mark.parametrize(
    ("name", "value"),
    [("page_size", "many"), ("page_size", "nan"), ("next_page_token", "x"), ("next_page_token", "-1")],
)
def test_a_page_that_is_none_is_400(name: str, value: str) -> None:
    status, message = refusal(ask(SERVICES, "GET", "/v1/voices", PaperDesk(), query=[(name, value)]))
    assert status == 400
    assert message.startswith(f"Invalid request data: {name}: ")


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"name": "ada"}, ["Adam"]),
        ({"name": "m a d"}, ["Adam"]),
        ({"description": "lively CURIOUS"}, ["Andrew"]),
        ({"gender": "male", "age": "middle-aged"}, ["Allen"]),
        ({"use_case": "education,audiobook"}, ["Andy", "Aya"]),
        ({"use_cases": "documentary"}, ["Allen"]),
        ({"language": "fr", "gender": "female", "age": "child"}, ["Aiko"]),
        ({"name": "adam", "model": "sona_speech_1,x"}, ["Adam"]),
        ({"name": "adam", "style": "happy,unheard"}, ["Adam"]),
        ({"name": "adam", "style": "happy;sad"}, ["Adam"]),
        ({"name": "adam", "style": "happy;unheard"}, []),
        ({"language": "ko"}, []),
    ],
)
def test_search_filters(filters: dict[str, str], names: list[str]) -> None:
    found = get("/v1/voices/search", None, **filters)
    assert [row["name"] for row in found["items"]] == names
    assert found["total"] == len(names)
    assert found["next_page_token"] is None


def test_styles_with_both_marks_are_400() -> None:
    answer = ask(SERVICES, "GET", "/v1/voices/search", PaperDesk(), query=[("style", "a,b;c")])
    assert refusal(answer)[0] == 400


def test_every_cast_id_is_22_hex_digits_and_an_alias() -> None:
    assert set(CAST) == set(VOICES)
    assert all(len(voice_id) == 22 and int(voice_id, 16) >= 0 for voice_id in CAST)


# ---- custom voices ----------------------------------------------------------------------------------------------


def cloned(desk: PaperDesk, sample: Upload | None = WAV_FILE, **fields: str) -> Answer:
    files = {"files": sample} if sample else {}
    return ask(SERVICES, "POST", "/v1/custom-voices/cloned-voice", desk, fields=fields, files=files)


def test_a_custom_voice_from_upload_to_deletion() -> None:
    desk = PaperDesk()
    made = cloned(desk, name="Me", description="My voice")
    assert made.status == 200
    voice_id = json.loads(made.body)["voice_id"]
    assert desk.samples[voice_id] is WAV_FILE
    assert (desk.custom[voice_id].owner, desk.custom[voice_id].dialect) == (KEY.account, "supertone")
    row = {"voice_id": voice_id, "name": "Me", "description": "My voice"}
    assert get(f"/v1/custom-voices/{voice_id}", desk) == row
    assert get("/v1/custom-voices", desk) == {"items": [row], "total": 1, "next_page_token": None}
    assert get("/v1/custom-voices/search", desk, name="m", description="voice")["total"] == 1
    assert get("/v1/custom-voices/search", desk, name="you")["total"] == 0
    path = f"/v1/custom-voices/{voice_id}"
    edited = ask(SERVICES, "PATCH", path, desk, body=b'{"name":"You"}')
    assert json.loads(edited.body) == {**row, "name": "You"}
    edited = ask(SERVICES, "PATCH", path, desk, body=b'{"description":null}')
    assert json.loads(edited.body) == {**row, "name": "You", "description": None}
    gone = ask(SERVICES, "DELETE", path, desk)
    assert (gone.status, gone.body) == (204, b"")
    assert "content-type" not in gone.headers
    assert refusal(ask(SERVICES, "GET", path, desk))[0] == 404


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"RIFF\x00\x00\x00\x00WAVE", 200),
        (b"ID3\x04\x00", 200),
        (b"\xff\xfb\x90\xc4", 200),
        (b"\xff\xf3\x84", 200),
        (b"\xff\xf1\x50\x80", 415),  # AAC in ADTS
        (b"OggS", 415),
        (b"fLaC", 415),
        (b"hello", 415),
        (b"", 400),
        (b"RIFF\x00\x00\x00\x00WAVE" + bytes(3 << 20), 413),
    ],
)
def test_the_bytes_of_an_upload_tell_what_it_is(data: bytes, status: int) -> None:
    answer = cloned(PaperDesk(), Upload("a.wav", "audio/wav", data), name="Me")
    assert answer.status == status
    if status == 415:
        said = refusal(answer)[1]
        assert said.startswith("Unsupported audio format. Supported formats: WAV, MP3")
    if status == 413:
        assert refusal(answer)[1].startswith("File too large")


def test_a_form_over_the_bound_is_413_for_uploads_only() -> None:
    clone = next(one for one in SERVICES if one.path.endswith("cloned-voice"))
    assert clone.max_body_bytes > 3 << 20
    assert clone.refuse(MessageTooLargeError("m")).status == 413
    assert SERVICES[0].refuse(MessageTooLargeError("m")).status == 400


@pytest.mark.parametrize(("name", "ok"), [("x" * 100, True), ("x" * 101, False), ("", False), (" ", False)])
def test_names_have_1_to_100_characters(name: str, ok: bool) -> None:
    desk = PaperDesk()
    assert cloned(desk, name=name).status == (200 if ok else 400)
    voice_id = json.loads(cloned(desk, name="Me").body)["voice_id"]
    body = json.dumps({"name": name}).encode()
    answer = ask(SERVICES, "PATCH", f"/v1/custom-voices/{voice_id}", desk, body=body)
    assert answer.status == (200 if ok else 400)


def test_a_missing_file_is_400() -> None:
    assert refusal(cloned(PaperDesk(), None, name="Me"))[0] == 400


def test_presets_and_other_accounts_voices_are_not_listed() -> None:
    desk = PaperDesk()
    preset = VoiceDraft(name="p", base_voice="rms", id="p", kind="preset")
    others = VoiceDraft(name="o", base_voice="rms", id="o", owner="other")
    desk.custom = {"p": made(preset), "o": made(others)}
    assert get("/v1/custom-voices", desk)["items"] == []
    assert refusal(ask(SERVICES, "DELETE", "/v1/custom-voices/o", desk))[0] == 404


def made(draft: VoiceDraft) -> CustomVoice:
    return CustomVoice(
        id=draft.id or "",
        kind=draft.kind,
        name=draft.name,
        description="",
        language=None,
        gender="neutral",
        base_voice="rms",
        prosody=Prosody(),
        style="neutral",
        style_degree=1.0,
        sample=None,
        owner=draft.owner,
        dialect="native",
        metadata={},
        created_at=0.0,
        updated_at=0.0,
    )
