"""Counts and durations of requests, for Prometheus, on a port of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

HEAD = """\
# HELP raccord_request_seconds Durée des requêtes, et des connexions WebSocket (socket).
# TYPE raccord_request_seconds summary
"""
PORTS_TRIED = 32
PATIENCE = 5.0


class Metrics:
    def __init__(self) -> None:
        self.totals: dict[tuple[str, int], tuple[int, float]] = {}

    def note(self, operation: str, status: int, seconds: float) -> None:
        count, total = self.totals.get((operation, status), (0, 0.0))
        self.totals[operation, status] = (count + 1, total + seconds)

    def text(self) -> str:
        lines = []
        for (operation, status), (count, seconds) in sorted(self.totals.items()):
            labels = f'{{operation="{operation}",status="{status}"}}'
            lines.append(f"raccord_request_seconds_count{labels} {count}\n")
            lines.append(f"raccord_request_seconds_sum{labels} {seconds:.6f}\n")
        return HEAD + "".join(lines)


@asynccontextmanager
async def served(metrics: Metrics, host: str, port: int | None) -> AsyncIterator[int | None]:
    """On ``port``, or the first free one after it: each process of the service has its own."""
    if port is None:
        yield None
        return

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
            writer.write(_response(metrics, asked))
            await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            return
        finally:
            writer.close()

    async with await _listening(answer, host, port) as server:
        yield int(server.sockets[0].getsockname()[1])


async def _listening(
    answer: "asyncio.streams._ClientConnectedCallback", host: str, port: int
) -> asyncio.Server:
    for candidate in range(port, port + PORTS_TRIED):
        try:
            return await asyncio.start_server(answer, host, candidate)
        except OSError:
            if candidate + 1 == port + PORTS_TRIED:
                raise
    raise AssertionError


def _response(metrics: Metrics, asked: bytes) -> bytes:
    found = asked.startswith((b"GET /metrics ", b"GET /metrics?"))
    status, body = ("200 OK", metrics.text()) if found else ("404 Not Found", "")
    content = body.encode()
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
        f"X-Content-Type-Options: nosniff\r\nContent-Length: {len(content)}\r\n"
        "Connection: close\r\n\r\n"
    ).encode() + content
