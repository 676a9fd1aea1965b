"""One frame of each kind that Bybit sends."""

BIDS = '[["101.4","1.25"],["101","0.75"]]'
ASKS = '[["101.5","0.0005"]]'


def book(kind, depth=50, bids=BIDS, asks=ASKS, u=501):
    data = f'{{"s":"SOLUSDT","b":{bids},"a":{asks},"u":{u},"seq":90007}}'
    topic = f"orderbook.{depth}.SOLUSDT"
    return f'{{"topic":"{topic}","ts":1790000000123,"type":"{kind}","data":{data},"cts":1790000000120}}'


TRADE = """{"i":"2290000000000000001","T":1790000000124,"p":"101.5","v":"0.2","S":"Buy","s":"SOLUSDT","BT":false,
"RPI":false,"seq":90008}"""
PAIR = """{"symbol":"SOLUSDT","baseCoin":"SOL","quoteCoin":"USDT","innovation":"0","status":"Trading","lotSizeFilter":
{"basePrecision":"0.001","quotePrecision":"0.00001","minOrderAmt":"5"},"priceFilter":{"tickSize":"0.01"}}"""
FINE_PAIR = PAIR.replace("0.01", "0.0000000001")
WS = [
    book("snapshot"),
    book("delta", bids='[["101.4","0"]]', asks="[]"),
    book("delta", u=1),
    book("snapshot", bids="[]", asks="[]", u=1),
    book("snapshot", depth=1, bids='[["101.4","1.25"]]', u=500),
    book("delta", depth="full").replace(',"cts":1790000000120', ""),
    f'{{"topic":"publicTrade.SOLUSDT","ts":1790000000125,"type":"snapshot","data":[{TRADE},{TRADE}]}}',
    '{"topic":"tickers.SOLUSDT","ts":1790000000125,"type":"snapshot","data":{"lastPrice":"101.5"}}',
    '{"success":true,"ret_msg":"","conn_id":"x","req_id":"s1","op":"subscribe"}',
    '{"success":false,"ret_msg":"Invalid topic …","conn_id":"x","req_id":"s1","op":"subscribe"}',
    '{"success":true,"ret_msg":"pong","conn_id":"x","op":"ping"}',
    '{"req_id":"s1","op":"subscribe","args":["orderbook.50.SOLUSDT"]}',
]
INFO = [
    f'{{"retCode":0,"retMsg":"OK","result":{{"category":"spot","list":[{PAIR},{FINE_PAIR}]}}}}',
    '{"retCode":10006,"retMsg":"too many visits","result":{}}',
]
SAMPLES = {"bybit.spot.ws": WS, "bybit.spot.info": INFO}
