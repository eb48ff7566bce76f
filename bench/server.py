"""A server of our own on a free loopback port, watched from outside."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

START_TIMEOUT_S = 120.0


class Server:
    """A running ``vivavoce serve``; CPU seconds and memory are read from the operating system."""

    def __init__(self, pid: int, port: int) -> None:
        self.port = port
        self.front = psutil.Process(pid)

    def processes(self) -> list[psutil.Process]:
        """The front process and its workers."""
        return [self.front, *self.front.children(recursive=True)]

    def cpu_s(self) -> float:
        """CPU seconds used so far by all of them."""
        return sum(sum(p.cpu_times()[:2]) for p in self.processes())

    def memory_mb(self) -> tuple[float, float]:
        """Resident memory of the front process, and of the largest worker."""
        workers = self.front.children(recursive=True)
        largest = max((p.memory_info().rss for p in workers), default=0)
        return self.front.memory_info().rss / 1e6, largest / 1e6


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@asynccontextmanager
async def serving(**settings: str) -> AsyncIterator[Server]:
    """A server with these settings (names as in ``Settings``), ready when the block begins."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="vivavoce-bench-") as data_dir:
        environment = {**os.environ, "VIVAVOCE_DATA_DIR": data_dir, "VIVAVOCE_LOG_LEVEL": "warning"}
        environment |= {f"VIVAVOCE_{name.upper()}": value for name, value in settings.items()}
        log = Path(data_dir) / "server.log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                str(Path(sys.executable).with_name("vivavoce")),
                *("serve", "--port", str(port)),
                env=environment,
                stdout=output,
                stderr=output,
            )
        try:
            await _until_ready(port, process, log)
            yield Server(process.pid, port)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _until_ready(port: int, process: asyncio.subprocess.Process, log: Path) -> None:
    give_up = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up and process.returncode is None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /v1/speech/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
            if b" 200 " in answer.split(b"\r\n", 1)[0]:
                return
        except OSError:
            pass
        await asyncio.sleep(0.05)
    raise RuntimeError(f"the server did not get ready: {log.read_text()[-2000:]}")
