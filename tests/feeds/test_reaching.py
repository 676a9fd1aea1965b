"""Getting through to an endpoint at all: names, addresses, certificates."""

import asyncio
import contextlib
import gc
import random
import shutil
import socket as sockets
import ssl
import subprocess
import time
import warnings

import pytest

from feeds.http import HttpChannel, HttpLimits, Unreachable
from feeds.socket import SocketLimits, WebSocketSource
from tests.feeds.servers import RememberingSink, running, until, websocket_server

pytestmark = pytest.mark.virtual_time

FAST = SocketLimits(open_timeout_s=5.0, backoff_base_s=0.02, backoff_cap_s=0.05, ping_interval_s=None)


class Mute:
    def opened(self):
        pass

    def received(self, body):
        pass

    def closed(self, reason):
        pass

    def overdue(self, breach):
        return True


def source(url, sink):
    return WebSocketSource(url, 1, sink, Mute(), name="test", limits=FAST, rng=random.Random(1), note=sink.note)


def certificate(folder, name, *, days=2):
    """Makes a self-signed certificate for a host name; returns its file and that of its key."""
    if shutil.which("openssl") is None:
        pytest.skip("the openssl command is not installed")
    cert, key = folder / "cert.pem", folder / "key.pem"
    alternative = f"IP:{name}" if name[0].isdigit() else f"DNS:{name}"
    request, facts = folder / "request.pem", folder / "facts.cnf"
    facts.write_text(f"subjectAltName={alternative}\n", encoding="utf-8")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    ask = ["openssl", "req", "-new", *curve, "-keyout", key, "-out", request, "-subj", f"/CN={name}"]
    sign = ["openssl", "x509", "-req", "-in", request, "-signkey", key, "-out", cert, "-extfile", facts]
    subprocess.run(ask, check=True, capture_output=True)
    subprocess.run([*sign, "-days", str(days)], check=True, capture_output=True)
    return cert, key


@contextlib.asynccontextmanager
async def tls_server(cert, key):
    """Yields the port of a server, and all that clients sent to it after the handshake."""
    received = []

    async def talk(reader, writer):
        received.append(await reader.read(100))
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    async with await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1], received


@pytest.mark.parametrize(
    ("name", "days", "trusted", "expected"),
    [
        ("127.0.0.1", 2, False, "TLS: self-signed certificate"),
        ("elsewhere.example", 2, True, "TLS: IP address mismatch"),
        ("127.0.0.1", -1, True, "TLS: certificate has expired"),
    ],
    ids=["self-signed", "another host", "expired"],
)
async def test_a_certificate_that_cannot_be_trusted_gets_no_word_from_us(
    tmp_path, monkeypatch, name, days, trusted, expected
):
    cert, key = certificate(tmp_path, name, days=days)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    sink = RememberingSink()
    async with tls_server(cert, key) as (port, received):
        async with running(source(f"wss://127.0.0.1:{port}/key?k=SECRET", sink)):
            await until(lambda: sink.reasons())
        read = HttpChannel(f"https://127.0.0.1:{port}/SECRET", sink, name="read", limits=HttpLimits(attempts=1))
        with pytest.raises(Unreachable) as error:
            await read.get(2, "/x")
        await read.close()
    assert sink.reasons()[0].startswith(expected)
    assert str(error.value).startswith("TLS: ")  # its client reads the trusted certificates once, when it is loaded
    assert not any(received)
    assert "SECRET" not in str(sink.notes) + str(sink.reasons()) + str(error.value)


async def test_a_handshake_that_breaks_is_no_reason_to_speak_plain():
    first = []

    async def talk(reader, writer):
        first.append(await reader.read(1))
        writer.transport.abort()

    sink = RememberingSink()
    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with running(source(f"wss://127.0.0.1:{port}", sink)):
            await until(lambda: len(first) >= 3)
    assert set(first) == {b"\x16"}
    assert not sink.of("connected")


async def test_a_name_that_nobody_knows_is_said_in_words(monkeypatch):
    async def unknown(*_, **__):
        raise sockets.gaierror(sockets.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    sink = RememberingSink()
    async with running(source("wss://nowhere.invalid/SECRET", sink)):
        await until(lambda: sink.reasons())
    assert sink.reasons() == ["host name: name or service not known"]


async def test_a_host_whose_first_address_is_dead_is_reached_by_its_next(monkeypatch):
    async def serve(socket):
        await socket.send("here")
        await asyncio.sleep(60)

    sink = RememberingSink()
    async with websocket_server(serve) as url:
        port = int(url.rpartition(":")[2])
        with contextlib.closing(sockets.socket()) as dead, contextlib.ExitStack() as callers:
            dead.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
            dead.bind(("127.0.0.2", port))
            dead.listen(0)
            for _ in range(3):  # a full queue leaves the next caller without any answer
                caller = callers.enter_context(contextlib.closing(sockets.socket()))
                caller.setblocking(False)
                caller.connect_ex(("127.0.0.2", port))

            async def both(*_, **__):
                kind = (sockets.AF_INET, sockets.SOCK_STREAM, 6, "")
                return [(*kind, ("127.0.0.2", port)), (*kind, ("127.0.0.1", port))]

            monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both)
            began = time.monotonic()
            async with running(source(f"ws://localhost:{port}", sink)):
                await until(lambda: sink.incoming())
            assert time.monotonic() - began > 0.2


async def test_ending_at_any_moment_leaves_no_socket_open():
    async def serve(_):
        await asyncio.sleep(60)

    rng, sink = random.Random(1), RememberingSink()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        async with websocket_server(serve) as url:
            for _ in range(150):
                task = asyncio.create_task(source(url, sink).run())
                await asyncio.sleep(rng.uniform(0, 0.012))
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await asyncio.sleep(0.1)
            gc.collect()
    assert [str(warning.message) for warning in caught if "socket" in str(warning.message)] == []
    assert len(sink.of("connected")) == len(sink.of("disconnected")) > 0
