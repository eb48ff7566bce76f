"""docs/reference/gradium.md says what the wire does: its messages are valid and its tables complete."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from vivavoce.dialects.gradium import SERVICES, SPEECH, reading
from vivavoce.dialects.gradium import messages as wire
from vivavoce.dialects.gradium.config import RANGES
from vivavoce.dialects.gradium.errors import CLOSE_CODE, FAILURE
from vivavoce.dialects.gradium.messages import FRAME_MS
from vivavoce.dialects.gradium.opening import OUTPUTS

pytestmark = pytest.mark.fast

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "reference/gradium.md").read_text()
EXAMPLES = {
    side: block.splitlines() for side, block in re.findall(r"```json (\w+)\n(.*?)```", PAGE, re.DOTALL)
}


@pytest.mark.parametrize("line", EXAMPLES["client"])
def test_each_message_of_a_client_in_the_docs_is_understood(line: str) -> None:
    assert reading.message(line)


def test_each_message_to_a_client_in_the_docs_is_one_of_ours() -> None:
    made = [
        wire.ready(
            request_id="6a0c2f1e-0f0e-4b55-9a38-5f7d1b0a7c11",
            model_name="default",
            rate_hz=48000,
            client_req_id=None,
        ),
        wire.text("friend.", 0.61, 1.02, None),
        wire.audio(b"\0\0\0", 0.0, 0.08, None),
        wire.end_of_stream(None),
        wire.error("Embeddings not found for xyz", FAILURE, None),
    ]
    assert [json.loads(line) for line in EXAMPLES["server"]] == made


def test_every_path_is_in_the_docs() -> None:
    for path in (*SPEECH, *(service.path for service in SERVICES)):
        if not path.startswith("/api/"):
            assert f"`{path}" in PAGE or f"{path}`" in PAGE or f" {path}" in PAGE, path


def test_every_format_is_in_the_docs_with_its_size() -> None:
    rows = PAGE.partition("## Formats")[2].splitlines()
    for name, output in OUTPUTS.items():
        row = next(line for line in rows if f"`{name}`" in line)
        assert f"| {output.format.rate_hz} |" in row
        if output.silence:
            assert str(output.format.rate_hz * FRAME_MS // 1000 * len(output.silence)) in row


def test_every_setting_and_code_is_in_the_docs() -> None:
    for name, (low, high) in RANGES.items():
        assert f"| `{name}` | {low:g} to {high:g} |" in PAGE
    for code in {*CLOSE_CODE.values(), FAILURE}:
        assert f"| {code} |" in PAGE
    for field in set(wire.Setup.__struct_encode_fields__):
        assert f"| `{field}` |" in PAGE


def test_the_way_here_names_every_client() -> None:
    page = (DOCS / "how-to/move-from-gradium.md").read_text()
    assert 'base_url="http://127.0.0.1:8080/api"' in page
    for client in ("Python", "Rust", "LiveKit", "Pipecat"):
        assert f"| {client} |" in page
