"""One frame of each kind that Coinbase sends."""

TIME = "2026-11-21T12:00:00.123456789Z"
BID = f'{{"side":"bid","event_time":"{TIME}","price_level":"142.50","new_quantity":"12.5"}}'
ASK = f'{{"side":"offer","event_time":"{TIME}","price_level":"142.52","new_quantity":"3"}}'


def frame(channel, *events, number=7):
    head = f'"channel":"{channel}","client_id":"","timestamp":"{TIME}","sequence_num":{number}'
    return f'{{{head},"events":[{",".join(events)}]}}'


def depth(kind, *updates, product="SOL-USD"):
    return f'{{"type":"{kind}","product_id":"{product}","updates":[{",".join(updates)}]}}'


TRADE = f"""{{"product_id":"SOL-USD","trade_id":"88","price":"142.5","size":"0.2","time":"{TIME}","side":"BUY"}}"""
TICKER = """{"type":"ticker","product_id":"SOL-USD","price":"142.51","volume_24_h":"2867.5","best_bid":"142.50",
"best_ask":"142.52","best_bid_quantity":"12.5","best_ask_quantity":"3"}"""
PRODUCT = """{"product_id":"SOL-USD","price":"142.5","base_increment":"0.00000001","quote_increment":"0.01",
"quote_min_size":"1","is_disabled":false,"status":"online","cancel_only":false,"limit_only":false,"post_only":false,
"trading_disabled":false,"auction_mode":false,"product_type":"SPOT","quote_currency_id":"USD","base_currency_id":"SOL",
"alias":"","view_only":false,"price_increment":"0.01"}"""
WS = [
    frame("subscriptions", '{"subscriptions":{"level2":["SOL-USD"]}}', number=0),
    frame("l2_data", depth("snapshot", BID, ASK), number=1),
    frame("l2_data", depth("update", BID.replace("12.5", "0")), depth("update", ASK, product="ETH-USD")),
    frame("l2_data", depth("update")),
    frame("l2_data"),
    frame("heartbeats", '{"current_time":"2026-11-21 12:00:01.0 +0000 UTC m=+5","heartbeat_counter":5}'),
    frame("ticker", f'{{"type":"update","tickers":[{TICKER}]}}'),
    frame("ticker", f'{{"type":"snapshot","tickers":[{TICKER.replace("142.50", "").replace("12.5", "")}]}}'),
    frame("market_trades", f'{{"type":"update","trades":[{TRADE},{TRADE.replace("BUY", "SELL")}]}}'),
    frame("market_trades", f'{{"type":"snapshot","trades":[{TRADE}]}}'),
    frame("candles", '{"type":"update","candles":[]}'),
    '{"type":"error","message":"authentication failure","reason":"…"}',
    '{"type":"subscribe","product_ids":["SOL-USD"],"channel":"level2"}',
]
LISTED = [
    PRODUCT,
    PRODUCT.replace('"trading_disabled":false', '"trading_disabled":true'),
    PRODUCT.replace("online", "delisted").replace(',"price_increment":"0.01"', ""),
    PRODUCT.replace("0.01", "0.000000001"),
    PRODUCT.replace("SPOT", "FUTURE"),
]
INFO = [
    f'{{"products":[{",".join(LISTED)}],"num_products":5}}',
    '{"error":"unknown","error_details":"…","message":"too many requests"}',
]
SAMPLES = {"coinbase.ws": WS, "coinbase.info": INFO}
