"""`python -m cambist.simulator.chaos`: a proxy that spoils connections."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cambist.simulator.chaos.certificates import KINDS, certificates
from cambist.simulator.chaos.proxy import Proxy
from cambist.simulator.chaos.toxics import ScriptError, Toxics, changed, load

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code. Prints where it listens, and at its end what it did, as JSON lines."""
    parser = argparse.ArgumentParser(prog="cambist.simulator.chaos", description="A proxy that spoils connections.")
    parser.add_argument("--listen", default="127.0.0.1:0", metavar="HOST:PORT", help="port 0 takes a free one")
    parser.add_argument("--to", required=True, metavar="HOST:PORT", help="the server")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--script", type=Path, help="JSON file of what changes when")
    parser.add_argument("--toxics", default="{}", help="JSON object of what is on from the start")
    parser.add_argument("--websocket", action="store_true", help="read messages, so that they can be spoiled whole")
    parser.add_argument("--tls", choices=KINDS, help="speak TLS with the client and show this certificate")
    parser.add_argument("--seconds", type=float, help="end after so long")
    options = parser.parse_args(argv)
    try:
        listen, to = _address(options.listen), _address(options.to)
        script = load(options.script.read_bytes()) if options.script else []
        fields = msgspec.json.decode(options.toxics, type=dict[str, object])
        toxics = changed(Toxics(), fields)
    except (ScriptError, OSError, msgspec.MsgspecError) as error:
        print(f"cambist chaos: {error}", file=sys.stderr)
        return 2
    tls = certificates(listen[0])[options.tls].server_context() if options.tls else None

    async def run() -> int:
        proxy = Proxy(*to, seed=options.seed, toxics=toxics, script=script, websocket=options.websocket, tls=tls)
        try:
            port = await proxy.start(*listen)
        except OSError as error:
            print(f"cambist chaos: {options.listen}: {error.strerror or error}", file=sys.stderr)
            return 2
        _print({"schema": 1, "listen": f"{listen[0]}:{port}", "seed": options.seed})
        over = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, over.set)
        try:
            async with asyncio.timeout(options.seconds):
                await over.wait()
        except TimeoutError:
            pass
        await proxy.close()
        _print(dataclasses.asdict(proxy.counts))
        return 0

    return asyncio.run(run())


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port[:6]) > 65_535:
        message = f"address was {text!r}, HOST:PORT is needed"
        raise ScriptError(message)
    return host.strip("[]"), int(port)


def _print(value: object) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
