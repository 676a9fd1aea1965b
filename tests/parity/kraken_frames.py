"""Frames of each kind that Kraken sends, as text: the zeros at the end of its numbers matter."""

LEVEL = '{"price":101.4,"qty":1.25000000}'
BIDS = f'[{LEVEL},{{"price":101.0,"qty":0.75000000}}]'
ASKS = '[{"price":101.5,"qty":0.00050000},{"price":101.6,"qty":2.00000000}]'
TIME = "2026-11-21T12:00:00.000001Z"


def book(kind, bids=BIDS, asks=ASKS, checksum=3737750847):
    row = f'{{"symbol":"SOL/USD","bids":{bids},"asks":{asks},"checksum":{checksum},"timestamp":"{TIME}"}}'
    return f'{{"channel":"book","type":"{kind}","data":[{row}]}}'


TICKER = f'''{{"channel":"ticker","type":"update","data":[{{"symbol":"SOL/USD","bid":101.4,"bid_qty":1.25,"ask":101.5,
"ask_qty":0.0005,"last":101.5,"volume":10.5,"vwap":101.2,"timestamp":"{TIME}"}}]}}'''
TRADE = f'''{{"channel":"trade","type":"update","data":[{{"symbol":"SOL/USD","side":"sell","price":101.5,
"qty":0.20000000,"ord_type":"limit","trade_id":88,"timestamp":"{TIME}"}}]}}'''
PAIR = """{"altname":"XBTUSD","wsname":"XBT/USD","base":"XXBT","quote":"ZUSD","pair_decimals":1,"lot_decimals":8,
"fees":[[0,0.4]],"ordermin":"0.00005","costmin":"0.5","tick_size":"0.1","status":"online"}"""
OLD_PAIR = '{"altname":"XDGEUR","wsname":"XDG\\/EUR","pair_decimals":7,"lot_decimals":8,"ordermin":"50"}'
DARK_PAIR = '{"altname":"ETHUSD.d","pair_decimals":2,"lot_decimals":8}'
FINE_PAIR = '{"wsname":"GRT/ETH","pair_decimals":9,"lot_decimals":8}'
V2 = [
    book("snapshot"),
    book("update", asks="[]", bids='[{"price":101.40,"qty":0.00000000}]', checksum=5),
    book("update", asks="[]", bids="[]", checksum=0),
    TICKER,
    TRADE,
    TRADE.replace("update", "snapshot"),
    '{"channel":"status","type":"update","data":[{"version":"2.0.9","system":"online","api_version":"v2"}]}',
    '{"channel":"heartbeat"}',
    '{"method":"pong","req_id":7,"time_in":"…","time_out":"…"}',
    '{"method":"subscribe","result":{"channel":"book","symbol":"SOL/USD"},"success":true,"req_id":1}',
    '{"error":"Currency pair not supported","method":"subscribe","success":false,"symbol":"X/Y"}',
    '{"method":"subscribe","params":{"channel":"book","symbol":["SOL/USD"],"depth":10},"req_id":1}',
]
INFO = [
    f'{{"error":[],"result":{{"XXBTZUSD":{PAIR},"XDGEUR":{OLD_PAIR},"XETHZUSD.d":{DARK_PAIR},"GRTETH":{FINE_PAIR}}}}}',
    f'{{"error":[],"result":{{"XDGEUR":{OLD_PAIR},"XDGEUR":{OLD_PAIR}}}}}',
    '{"error":["EGeneral:Too many requests"]}',
]
V1 = [
    '[1,{"as":[["13.284500","1.5","1618678133.383209"]],"bs":[["13.2","1","1618678133.1"]]},"book-1000","XBT/EUR"]',
    '[1,{"a":[["13.284500","1396.00000000","1618678133.383209"]],"c":"176333288"},"book-10","WAVES/EUR"]',
    '[1,{"b":[["13.2","0.00000000","1618678133.4","r"]],"c":"4"},"book-10","XDG/XBT"]',
    '[1,{"a":[["0.04","3.5","1618678145.9"]]},{"b":[["0.03","0.0","1618678145.8"]],"c":"41"},"book-10","SC/EUR"]',
    '[1,[["354.1","0.8","1618678142.557535","s","l",""],["354.1","1","1618678142.6","b","m",""]],"trade","XMR/USD"]',
    '[1,{"a":["13.253900",35,"35.72892241"],"b":["13.232900",185,"185.1"]},"ticker","WAVES/EUR"]',
    '[1,{},"ohlc-5","WAVES/EUR"]',
    '{"connectionID":182,"event":"systemStatus","status":"online","version":"1.8.3"}',
    '{"channelName":"trade","event":"subscriptionStatus","pair":"WAVES/EUR","status":"subscribed"}',
    '{"errorMessage":"Subscription depth not supported","event":"subscriptionStatus","status":"error"}',
    '{"event":"heartbeat"}',
]
SAMPLES = {"kraken.ws": V2, "kraken.info": INFO, "kraken.v1.ws": V1}
