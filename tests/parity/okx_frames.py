"""One frame of each kind that OKX sends."""

import json

ROW = {
    "asks": [["101.5", "0.0005", "0", "1"]],
    "bids": [["101.4", "1.25", "0", "3"]],
    "ts": "1790000000123",
    "checksum": -2024795966,
    "prevSeqId": 1000,
    "seqId": 1004,
}
TRADE = {"instId": "SOL-USDT", "tradeId": "88", "px": "101.5", "sz": "0.2", "side": "buy", "ts": "1790000000124"}
PAIR = {"instType": "SPOT", "instId": "SOL-USDT", "baseCcy": "SOL", "quoteCcy": "USDT", "tickSz": "0.01"}
PAIR |= {"lotSz": "0.000001", "state": "live"}


def push(channel, action, *rows):
    return {"arg": {"channel": channel, "instId": "SOL-USDT"}, "action": action, "data": list(rows)}


SAMPLES = [
    push("books", "snapshot", ROW | {"prevSeqId": -1, "checksum": 0}),
    push("books", "update", ROW),
    push("books", "update", ROW | {"asks": [], "bids": [], "prevSeqId": 1004, "checksum": 0}),
    push("books", "update", ROW | {"prevSeqId": 1004, "seqId": 3}, ROW),
    push("bbo-tbt", "", ROW),
    push("trades", "", TRADE, TRADE | {"side": "sell"}),
    push("tickers", "", {}),
    {"event": "subscribe", "arg": {"channel": "books", "instId": "SOL-USDT"}, "connId": "a4d3ae55"},
    {"event": "error", "code": "60012", "msg": "Illegal request", "connId": "a4d3ae55"},
    {"event": "notice", "code": "64008", "msg": "soon", "connId": "a4d3ae55"},
    {"id": "1", "op": "subscribe", "args": [{"channel": "books", "instId": "BTC-USDT"}]},
    {"code": "0", "data": [PAIR, PAIR | {"tickSz": "0.000000001"}, PAIR | {"instType": "SWAP"}], "msg": ""},
    {"code": "50011", "data": [], "msg": "Too Many Requests"},
]
BODIES = [json.dumps(sample).encode() for sample in SAMPLES]
