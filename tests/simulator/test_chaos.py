"""Everything that can go wrong between two sockets, on demand.

One file, for one rig of proxy, client and server serves all of it.
"""

import asyncio
import contextlib
import json
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import websockets

from cambist.simulator.chaos import Entry, Proxy, Toxics, certificates, load
from cambist.simulator.chaos.__main__ import main
from cambist.simulator.chaos.toxics import ScriptError, changed

HOST = "127.0.0.1"
LINE = b"".join(b"%07d\n" % i for i in range(8_000))
"""64,000 bytes of which every one is at its own place."""


class Origin:
    """A TCP server that says `LINE` and hears the client out."""

    def __init__(self) -> None:
        self.received_bytes = bytearray()
        self.ended = False
        self._changed = asyncio.Event()
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        writer.write(LINE)
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                self.received_bytes += data
                self._changed.set()
        self.ended = True
        self._changed.set()
        with contextlib.suppress(OSError):
            writer.write_eof()

    async def until(self, done: Callable[[], bool]) -> None:
        """Waits for what the client says or for its end."""
        async with asyncio.timeout(5):
            while not done():
                self._changed.clear()
                await self._changed.wait()

    def close(self) -> None:
        for writer in self._writers:
            writer.transport.abort()


@contextlib.asynccontextmanager
async def proxied(**options: object) -> AsyncIterator[tuple[Proxy, int, Origin]]:
    origin = Origin()
    server = await asyncio.start_server(origin.serve, HOST, 0)
    origin.port = server.sockets[0].getsockname()[1]
    proxy = Proxy(HOST, origin.port, **options)
    port = await proxy.start(HOST)
    try:
        yield proxy, port, origin
    finally:
        await proxy.close()
        server.close()
        origin.close()
        await asyncio.sleep(0)


async def talk(port: int, body: bytes = LINE) -> bytes:
    """Says something, ends, and returns everything that came back."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(body)
    writer.write_eof()
    found = await asyncio.wait_for(reader.read(-1), 20)
    writer.close()
    return found


async def received(toxics: Toxics, seed: int = 3) -> tuple[bytes, bytes, Proxy]:
    async with proxied(seed=seed, toxics=toxics) as (proxy, port, origin):
        found = await talk(port)
        return found, bytes(origin.received_bytes), proxy


async def test_nothing_on_passes_everything() -> None:
    down, up, proxy = await received(Toxics())
    assert down == up == LINE
    assert (proxy.counts.bytes_up, proxy.counts.bytes_down) == (len(LINE), len(LINE))
    assert (proxy.counts.connections, proxy.counts.resets, proxy.counts.corrupted) == (1, 0, 0)


async def test_latency_delays_and_keeps_the_order() -> None:
    async with proxied(toxics=Toxics(latency_ms=150, jitter_ms=50)) as (_, port, _):
        reader, writer = await asyncio.open_connection(HOST, port)
        start = time.monotonic()
        first = await reader.read(1)
        assert time.monotonic() - start >= 0.14
        assert first + await reader.readexactly(len(LINE) - 1) == LINE
        writer.close()


async def test_bandwidth() -> None:
    start = time.monotonic()
    async with proxied(toxics=Toxics(way="down", bytes_per_s=200_000, slice_bytes=4_000)) as (_, port, _):
        assert await talk(port, b"") == LINE
    assert time.monotonic() - start >= len(LINE) / 200_000 * 0.9


async def test_slices_of_one_byte_come_one_by_one() -> None:
    async with proxied(toxics=Toxics(way="down", slice_bytes=1)) as (_, port, _):
        reader, writer = await asyncio.open_connection(HOST, port)
        sizes = []
        while sum(sizes) < 2_000:
            sizes.append(len(await reader.read(65_536)))
        assert len(sizes) > 100
        assert await reader.readexactly(len(LINE) - sum(sizes)) == LINE[sum(sizes) :]
        writer.close()


async def test_corruption_depends_on_the_seed_alone() -> None:
    toxics = Toxics(corrupt_one_in=500)
    down, up, proxy = await received(toxics)
    assert len(down) == len(up) == len(LINE)
    wrong = sum(a != b for a, b in zip(down, LINE, strict=True)) + sum(a != b for a, b in zip(up, LINE, strict=True))
    assert wrong == proxy.counts.corrupted
    assert wrong in range(180, 340)
    assert down != up
    cut = changed(toxics, {"slice_bytes": 7})
    again, up_again, _ = await received(cut)
    assert (again, up_again) == (down, up)
    assert (await received(toxics, seed=4))[0] != down


async def test_one_way_leaves_the_other_alone() -> None:
    down, up, _ = await received(Toxics(corrupt_one_in=100, way="up"))
    assert down == LINE
    assert up != LINE


async def test_a_black_hole_swallows_and_stays_open() -> None:
    async with proxied(toxics=Toxics(way="down", blackhole_after_bytes=1_000)) as (proxy, port, origin):
        reader, writer = await asyncio.open_connection(HOST, port)
        assert await reader.readexactly(1_000) == LINE[:1_000]
        origin.close()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.3)
        assert proxy.counts.swallowed == len(LINE) - 1_000
        writer.close()


async def test_a_reset_after_so_many_bytes() -> None:
    async with proxied(toxics=Toxics(way="down", reset_after_bytes=5_000, slice_bytes=100)) as (proxy, port, origin):
        reader, _ = await asyncio.open_connection(HOST, port)
        with pytest.raises(ConnectionResetError):
            await reader.read(-1)
        assert proxy.counts.bytes_down == 5_000
        assert proxy.counts.resets == 1
        await origin.until(lambda: origin.ended)


async def test_resets_now_and_refuses() -> None:
    async with proxied() as (proxy, port, _):
        reader, _ = await asyncio.open_connection(HOST, port)
        await reader.readexactly(len(LINE))
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(1), 5)
        proxy.toxics = Toxics(refuse=True)
        reader, _ = await asyncio.open_connection(HOST, port)
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(1), 5)
        proxy.toxics = Toxics()
        assert await talk(port, b"") == LINE


async def test_a_stall_stops_both_ways_without_closing() -> None:
    async with proxied() as (proxy, port, origin):
        reader, writer = await asyncio.open_connection(HOST, port)
        await reader.readexactly(len(LINE))
        proxy.toxics = Toxics(stall=True)
        writer.write(b"anybody?")
        other, other_writer = await asyncio.open_connection(HOST, port)
        for side in (reader, other):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(side.read(1), 0.2)
        assert origin.received_bytes == b""
        proxy.toxics = Toxics()
        assert await other.readexactly(10) == LINE[:10]
        await origin.until(lambda: origin.received_bytes == b"anybody?")
        writer.close()
        other_writer.close()


async def test_what_is_frozen_stays_so_and_new_connections_are_as_ever() -> None:
    async with proxied() as (proxy, port, origin):
        reader, writer = await asyncio.open_connection(HOST, port)
        await reader.readexactly(len(LINE))
        proxy.freeze()
        writer.write(b"anybody?")
        assert await talk(port, b"here") == LINE
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.2)
        assert origin.received_bytes == b"here"
        writer.close()


async def test_a_script_changes_things_while_it_runs() -> None:
    script = load(
        '[{"at_s":0.2,"toxics":{"stall":true}},{"at_s":0.5,"toxics":{"stall":false}},{"at_s":0.7,"reset":true}]'
    )
    async with proxied(script=script) as (_, port, _):
        start = time.monotonic()
        reader, writer = await asyncio.open_connection(HOST, port)
        await reader.readexactly(len(LINE))
        await asyncio.sleep(0.25)
        other, _ = await asyncio.open_connection(HOST, port)
        assert await other.readexactly(10) == LINE[:10]
        assert time.monotonic() - start >= 0.45
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(1), 5)
        assert time.monotonic() - start >= 0.65
        writer.close()


async def test_a_script_may_repeat() -> None:
    async with proxied(script=[Entry(at_s=0.1, every_s=0.1, reset=True)]) as (proxy, port, _):
        for _ in range(3):
            reader, _ = await asyncio.open_connection(HOST, port)
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(reader.read(-1), 5)
        assert proxy.counts.resets == 3


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "{}",
        "[1]",
        "[{}]",
        '[{"at_s":-1}]',
        '[{"at_s":1,"when":2}]',
        '[{"at_s":1,"toxics":{"latency":5}}]',
        '[{"at_s":1,"toxics":{"latency_ms":-5}}]',
        '[{"at_s":1,"toxics":{"slice_bytes":"x"}}]',
        '[{"at_s":1,"toxics":{"way":"left"}}]',
    ],
)
def test_bad_scripts_are_refused(bad: str) -> None:
    with pytest.raises(ScriptError):
        load(bad)


# WebSocket messages


async def speak(connection: websockets.ServerConnection) -> None:
    """Says 200 messages, one of them in fragments, then answers each message with itself."""
    for number in range(200):
        await connection.send(["ab", "cé"] if number == 50 else f"{number}:{'x' * (number * 7)}")
    async for message in connection:
        await connection.send(message)


async def messages(toxics: Toxics, seed: int = 3, count: int | None = None) -> tuple[list[str], Proxy]:
    """Returns what a client receives up to the echo of its last word, or `count` messages."""
    async with websockets.serve(speak, HOST, 0) as server:
        proxy = Proxy(HOST, next(iter(server.sockets)).getsockname()[1], seed=seed, toxics=toxics, websocket=True)
        port = await proxy.start(HOST)
        try:
            async with websockets.connect(f"ws://{HOST}:{port}", max_queue=None, compression="deflate") as connection:
                found = []
                while len(found) < (count or 10_000):
                    try:
                        async with asyncio.timeout(0.3):
                            found.append(await connection.recv())
                    except TimeoutError:
                        break
                return found, proxy
        finally:
            await proxy.close()


CLEAN = ["abcé" if number == 50 else f"{number}:{'x' * (number * 7)}" for number in range(200)]


async def test_whole_messages_pass() -> None:
    found, proxy = await messages(Toxics())
    assert found == CLEAN
    assert (proxy.counts.messages, proxy.counts.passed) == (200, 200)


async def test_each_tenth_message_is_lost() -> None:
    found, proxy = await messages(Toxics(drop_every=10))
    assert found == [text for number, text in enumerate(CLEAN, 1) if number % 10]
    assert (proxy.counts.dropped, proxy.counts.passed) == (20, 180)


async def test_each_seventh_message_comes_three_times() -> None:
    found, proxy = await messages(Toxics(duplicate_every=7, copies=2))
    assert found == [text for number, text in enumerate(CLEAN, 1) for _ in range(1 if number % 7 else 3)]
    assert proxy.counts.duplicated == 2 * (200 // 7)


async def test_messages_come_late_within_a_distance() -> None:
    toxics = Toxics(reorder_within=5)
    found, proxy = await messages(toxics)
    # What is still late when the server falls silent stays with the proxy.
    assert set(found) <= set(CLEAN)
    assert len(found) >= 195
    assert found != CLEAN[: len(found)]
    for place, text in enumerate(found):
        assert abs(CLEAN.index(text) - place) <= 5
    assert proxy.counts.reordered > 100
    assert (await messages(toxics))[0] == found
    assert (await messages(changed(toxics, {"slice_bytes": 100})))[0] == found
    assert (await messages(toxics, seed=4))[0] != found


async def test_fragments_and_one_byte_slices_change_nothing() -> None:
    assert (await messages(Toxics(fragment_bytes=3)))[0] == CLEAN
    assert (await messages(Toxics(way="down", slice_bytes=1), count=40))[0] == CLEAN[:40]


async def test_what_is_no_websocket_passes() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        writer.close()

    server = await asyncio.start_server(answer, HOST, 0)
    proxy = Proxy(HOST, server.sockets[0].getsockname()[1], toxics=Toxics(drop_every=1), websocket=True)
    try:
        assert (await talk(await proxy.start(HOST), b"GET / HTTP/1.1\r\n\r\n")).endswith(b"\r\n\r\nhello")
    finally:
        await proxy.close()
        server.close()


# TLS


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("good", ""),
        ("expired", "certificate has expired"),
        ("wrong-host", "IP address mismatch"),
        ("self-signed", "self-signed certificate|self signed certificate"),
    ],
)
async def test_certificates(kind: str, why: str) -> None:
    made = certificates(HOST)
    assert set(made) == {"good", "expired", "wrong-host", "self-signed"}
    async with proxied(tls=made[kind].server_context()) as (proxy, port, origin):
        connecting = asyncio.open_connection(HOST, port, ssl=made[kind].client_context())
        if why:
            with pytest.raises(ssl.SSLCertVerificationError, match=why):
                await connecting
            assert origin.received_bytes == b""
            assert proxy.counts.bytes_up == 0
            return
        reader, writer = await connecting
        writer.write(b"hello")
        assert await reader.readexactly(len(LINE)) == LINE
        await origin.until(lambda: origin.received_bytes == b"hello")
        writer.close()


def test_a_name_is_looked_at_too() -> None:
    made = certificates("exchange.test")["good"]
    server, client = made.server_context(), made.client_context()
    for name, good in (("exchange.test", True), ("other.test", False)):
        to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        one = client.wrap_bio(to_client, to_server, server_hostname=name)
        two = server.wrap_bio(to_server, to_client, server_side=True)
        assert shake(one, two) is good


def shake(one: ssl.SSLObject, two: ssl.SSLObject) -> bool:
    for _ in range(4):
        for side in (one, two):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return False
    return True


async def test_a_reset_in_the_handshake() -> None:
    made = certificates(HOST)["good"]
    async with proxied(tls=made.server_context(), toxics=Toxics(tls_reset=True)) as (proxy, port, origin):
        with pytest.raises((ConnectionResetError, ssl.SSLError)):
            await asyncio.open_connection(HOST, port, ssl=made.client_context())
        assert proxy.counts.resets == 1
        assert not origin.received_bytes
        proxy.toxics = Toxics()
        reader, writer = await asyncio.open_connection(HOST, port, ssl=made.client_context())
        assert await reader.readexactly(10) == LINE[:10]
        writer.close()


# The command


async def test_the_command(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text('[{"at_s":0,"toxics":{"corrupt_one_in":100,"way":"down"}}]')
    async with proxied() as (_, _, origin):
        command = [sys.executable, "-m", "cambist.simulator.chaos", "--to", f"{HOST}:{origin.port}"]
        command += ["--seed", "5", "--script", str(script), "--toxics", '{"latency_ms":1}']
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        first = json.loads(await process.stdout.readline())
        await asyncio.sleep(0.1)
        found = await talk(int(first["listen"].rpartition(":")[2]))
        process.terminate()
        last = json.loads(await process.stdout.readline())
        assert await asyncio.wait_for(process.wait(), 10) == 0
    assert len(found) == len(LINE)
    assert last["corrupted"] == sum(a != b for a, b in zip(found, LINE, strict=True)) > 300
    assert last["bytes_down"] == last["bytes_up"] == len(LINE)


@pytest.mark.parametrize(
    "options", [["--listen", "nowhere"], ["--toxics", '{"x":1}'], ["--script", "/nonexistent"], ["--toxics", "{"]]
)
def test_unusable_options_end_with_2(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--to", "127.0.0.1:9", *options]) == 2
    assert "cambist chaos:" in capsys.readouterr().err
