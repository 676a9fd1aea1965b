"""A plug-in as `cambist new-feed` writes it: its own test, and the feed that runs on it."""

import asyncio
import importlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cambist.cli import main
from cambist.config import ConfigError, load
from cambist.model.events import Channel
from feeds import venues
from feeds.exchange import ExchangeChannels, ExchangeConfig, ExchangeFeed
from feeds.kraken import Kraken
from feeds.socket import SocketLimits
from feeds.venue import Heard, ParsedFrame
from tests.feeds.servers import RememberingSink, running, until, websocket_server

pytestmark = pytest.mark.virtual_time

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def written(tmp_path, capsys):
    assert main(["new-feed", "acme-spot", "--dir", str(tmp_path)]) == 0
    paths = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert {path.name for path in paths} == {
        "pyproject.toml", "cambist_acme_spot.py", "test_cambist_acme_spot.py", "ack.json", "book.json", "trade.json"
    }  # fmt: skip
    return tmp_path / "cambist-acme-spot"


@pytest.fixture
def installed(written, monkeypatch):
    """Makes the plug-in known as pip would: by the metadata of its distribution."""
    info = written / "cambist_acme_spot-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cambist-acme-spot\nVersion: 0.1.0\n", "utf-8")
    (info / "entry_points.txt").write_text("[cambist.feed]\nacme-spot = cambist_acme_spot:VENUE\n", "utf-8")
    monkeypatch.syspath_prepend(str(written))
    importlib.invalidate_caches()
    yield written
    sys.modules.pop("cambist_acme_spot", None)


def test_its_own_test_passes_as_it_was_written(written):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "."],
        cwd=written, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_its_own_test_fails_on_a_venue_that_is_broken(written):
    module = written / "cambist_acme_spot.py"
    text = module.read_text("utf-8")
    module.write_text(text.replace("ParsedFrame(data=(message.topic,))", "NOTHING"), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "."],
        cwd=written, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "ContractError: book.json is data of ()" in done.stdout


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("kraken", "a feed named kraken already"),
        ("../x", "expected lower-case"),
        ("Acme", "expected lower-case"),
        ("a" * 60, "expected lower-case"),
        ("\x1b[31m", "expected lower-case"),
    ],
)
def test_a_name_that_cannot_be_taken(tmp_path, capsys, name, expected):
    assert main(["new-feed", name, "--dir", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert expected in err
    assert "\x1b" not in err
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(written, capsys):
    assert main(["new-feed", "acme-spot", "--dir", str(written.parent)]) == 2
    assert "exists; choose another --dir" in capsys.readouterr().err


def test_it_is_found_by_its_entry_point_and_has_a_table(installed, tmp_path):
    assert "acme-spot" in venues.names()
    assert venues.find("acme-spot").streams == ("book", "trade")
    path = tmp_path / "cambist.toml"
    path.write_text("[venues.acme-spot]\nsymbols = ['SOL-USD']\n", "utf-8")
    assert load(path).exchanges["acme-spot"].symbols == ("SOL-USD",)
    path.write_text("[venues.acme-spit]\nsymbols = ['SOL-USD']\n", "utf-8")
    with pytest.raises(ConfigError, match=r":1: `venues.acme-spit` is no exchange; did you mean `acme-spot`"):
        load(path)


async def test_what_it_translates_is_recorded_and_what_it_can_not_is_recorded_raw(installed):
    async def serve(socket):
        request = json.loads(await socket.recv())
        assert request == {"op": "subscribe", "id": 1, "topics": ["book SOL-USD", "trade SOL-USD"]}
        await socket.send('{"op":"subscribed","id":1}')
        await socket.send((installed / "samples" / "book.json").read_text("utf-8"))
        await socket.send('{"topic":"trade SOL-USD","seq":"seven"}')
        await socket.send((installed / "samples" / "trade.json").read_text("utf-8"))
        await asyncio.sleep(60)

    sink = RememberingSink()
    channels = ExchangeChannels(Channel(1, "acme-spot", "acme-spot", "cambist.ws", "x"))
    async with websocket_server(serve) as url:
        config = ExchangeConfig(symbols=("SOL-USD",), ws=url, socket=SocketLimits(ping_interval_s=None))
        feed = ExchangeFeed(venues.find("acme-spot"), config, channels, sink, note=sink.note)
        async with running(feed):
            await until(lambda: len(sink.incoming()) == 4)
            assert feed.status()[0].state == "live"
            assert len(feed.status()) == 1
    assert [text for _, _, text in sink.notes if "can't be translated: ValidationError" in text]
    assert [entry.json for entry in sink.incoming()] == [
        {"kind": "alive"},
        {
            "kind": "snapshot", "symbol": "SOL-USD", "seq": 7, "ts": 1790000000123000000,
            "bids": [["142.50", "12.5"]], "asks": [["142.52", "3"]],
        },
        {"topic": "trade SOL-USD", "seq": "seven"},
        {
            "kind": "trade", "symbol": "SOL-USD", "seq": 990, "ts": 1790000000130000000,
            "price": "142.52", "qty": "0.2", "side": "buy",
        },
    ]  # fmt: skip


async def test_a_plug_in_that_raises_is_told_once_and_loses_nothing(installed, monkeypatch):
    venue = venues.find("acme-spot")

    def broken(body):
        message = f"can't do this at {time.monotonic()}"
        raise RuntimeError(message)

    monkeypatch.setattr(type(venue), "translate", lambda self, body: broken(body))
    monkeypatch.setattr(type(venue), "parse", lambda self, body: broken(body))

    async def serve(socket):
        for n in range(5):
            await socket.send(f"frame {n}")
        await asyncio.sleep(60)

    sink = RememberingSink()
    channels = ExchangeChannels(Channel(1, "acme-spot", "acme-spot", "cambist.ws", "x"))
    async with websocket_server(serve) as url:
        config = ExchangeConfig(symbols=("SOL-USD",), ws=url, socket=SocketLimits(ping_interval_s=None))
        feed = ExchangeFeed(venue, config, channels, sink, note=sink.note)
        async with running(feed):
            await until(lambda: len(sink.incoming()) == 5)
    assert [entry.body for entry in sink.incoming()] == [b"frame %d" % n for n in range(5)]
    assert len([text for level, _, text in sink.notes if level == "error"]) == 1


def test_a_plug_in_of_before_may_call_its_parser_heard():
    class Old(Kraken):
        name = "old"

        def heard(self, body):
            return Heard(data=(body.decode(),))

    assert Old().parse(b"book X") == ParsedFrame(data=("book X",))
