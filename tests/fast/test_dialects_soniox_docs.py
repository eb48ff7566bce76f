"""What ``docs/reference/soniox.md`` says is what the wire does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vivavoce.dialects.soniox import SERVICES, SOCKETS, SPEECH, VOICES, errors
from vivavoce.dialects.soniox.audio import WIRE_FORMATS
from vivavoce.dialects.soniox.models import LANGUAGES, MODELS

pytestmark = pytest.mark.fast

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "soniox.md").read_text()


def test_every_path_is_told() -> None:
    paths = {*SOCKETS, *SPEECH, *(service.path.replace("{voice_id}", "{id}") for service in SERVICES)}
    assert [path for path in paths if f"{path}`" not in PAGE] == []


def test_every_status_and_type_is_told() -> None:
    rows = re.findall(r"^\| (\d+) \| (`[^|]+) \|", PAGE, re.MULTILINE)
    told = {(int(status), kind) for status, kinds in rows for kind in re.findall(r"`(\w+)`", kinds)}
    said = {(saying.status, saying.type) for saying in errors.TABLE.values()}
    assert told == said | {(400, "invalid_cursor"), (404, "voice_not_found")}


def test_every_format_is_told_with_its_rates() -> None:
    rows = {
        name: rates.split()
        for names, rates in re.findall(r"^\| (`[^|]+) \| ([\d ]+|as `pcm_s16le`) \|", PAGE, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", names)
    }
    rows["wav"] = rows["pcm_s16le"]
    assert {name: [str(rate) for rate in form.rates_hz] for name, form in WIRE_FORMATS.items()} == rows


def test_models_and_numbers_are_told() -> None:
    assert all(f"`{model}`" in PAGE for model in MODELS)
    assert f"{len(LANGUAGES)} codes" in PAGE
    assert len(VOICES) == 13
