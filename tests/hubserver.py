"""A hub of voices on loopback that misbehaves when told to."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

REPOSITORY = "/rhasspy/piper-voices/resolve/main"


class Hub:
    """Files by path, and what goes wrong with them."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.break_after: dict[str, list[int]] = {}
        """By path: after how many bytes each of the next requests for it breaks off."""
        self.failing: dict[str, int] = {}
        """By path: the status it answers."""
        self.ranges = True
        self.unmeasured = False
        """Whether answers do not tell their length."""
        self.requests: list[tuple[str, str]] = []
        """Path and Range header of every request."""
        self.port = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def publish(self, key: str, model: Path, *, speakers: int = 1, card: str = "* License: CC0") -> None:
        """Put a voice into the catalogue."""
        language, name, quality = key.split("-")
        folder = f"{language[:2]}/{language}/{name}/{quality}"
        files = {
            f"{folder}/{key}.onnx": model.read_bytes(),
            f"{folder}/{key}.onnx.json": Path(f"{model}.json").read_bytes(),
            f"{folder}/MODEL_CARD": f"# Model card for {name}\n\n{card}\n".encode(),
        }
        self.files |= {f"{REPOSITORY}/{path}": data for path, data in files.items()}
        entry = {
            "key": key,
            "name": name,
            "language": {"code": language, "family": language[:2], "name_english": "English"},
            "quality": quality,
            "num_speakers": speakers,
            "files": {
                path: {"size_bytes": len(data), "md5_digest": hashlib.md5(data).hexdigest()}
                for path, data in files.items()
            },
        }
        catalogue = json.loads(self.files.get(f"{REPOSITORY}/voices.json", b"{}"))
        self.files[f"{REPOSITORY}/voices.json"] = json.dumps({**catalogue, key: entry}).encode()

    def mirror(self, repository: str, revision: str, folder: Path) -> None:
        """Have the files in ``folder`` as a repository, and the list of them; checksums as the hub has them, for large
        files only."""
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        listed: list[dict[str, Any]] = []
        for path in paths:
            name, data = path.relative_to(folder).as_posix(), path.read_bytes()
            self.files[f"/{repository}/resolve/{revision}/{name}"] = data
            large = {"lfs": {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}}
            entry = {"type": "file", "oid": "0" * 40, "size": len(data), "path": name}
            listed.append({**entry, **(large if name.endswith(".onnx") else {})})
        self.files[f"/api/models/{repository}/tree/{revision}"] = json.dumps(listed).encode()

    def path(self, ending: str) -> str:
        """The one path that ends so."""
        (found,) = (path for path in self.files if path.endswith(ending))
        return found


@contextmanager
def hub() -> Iterator[Hub]:
    """A running hub."""
    state = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            _answer(self, state)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(request: BaseHTTPRequestHandler, state: Hub) -> None:
    path, asked = request.path.partition("?")[0], request.headers.get("Range", "")
    state.requests.append((path, asked))
    data = state.files.get(path)
    status = state.failing.get(path, 200 if data is not None else 404)
    data = data or b""
    if status != 200:
        data = b"no"
    elif asked and state.ranges:
        start = int(asked.removeprefix("bytes=").rstrip("-"))
        status, data = (206, data[start:]) if start < len(data) else (416, b"")
    request.send_response(status)
    if not state.unmeasured:
        request.send_header("Content-Length", str(len(data)))
    breaks = state.break_after.get(path)
    if breaks or state.unmeasured:
        request.send_header("Connection", "close")
        request.close_connection = True
    if breaks:
        data = data[: breaks.pop(0)]
    request.end_headers()
    request.wfile.write(data)
