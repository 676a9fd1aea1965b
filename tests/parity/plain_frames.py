"""One frame of each kind that a plug-in's venue sends."""

BIDS = '[["101.4","1.25"]]'
ASKS = '[["101.5","0.0005"]]'
PAIR = '{"symbol":"SOL-USD","base":"SOL","quote":"USD","status":"online","tick":"0.01","step":"1","min_notional":null}'
WS = [
    f'{{"kind":"snapshot","symbol":"SOL-USD","seq":7,"bids":{BIDS},"asks":{ASKS},"ts":1790000000123000000}}',
    f'{{"kind":"snapshot","symbol":"SOL-USD","seq":7,"bids":{BIDS},"asks":[]}}',
    f'{{"kind":"delta","symbol":"SOL-USD","seq":8,"prev":7,"bids":{BIDS},"asks":[],"ts":1790000000124000000}}',
    f'{{"kind":"delta","symbol":"SOL-USD","seq":9,"prev":null,"bids":[],"asks":{ASKS},"ts":0}}',
    f'{{"kind":"ticker","symbol":"SOL-USD","seq":9,"bids":{BIDS},"asks":{ASKS},"ts":1790000000124000000}}',
    '{"kind":"ticker","symbol":"SOL-USD","seq":9,"bids":[],"asks":[]}',
    '{"kind":"trade","symbol":"SOL-USD","seq":88,"price":"101.5","qty":"0.2","side":"sell","ts":1790000000124000000}',
    '{"kind":"gap","symbol":"SOL-USD"}',
    f'{{"kind":"instruments","instruments":[{PAIR},{{"symbol":"A-B","base":"A","quote":"B"}}]}}',
    '{"kind":"alive"}',
]
SAMPLES = {"cambist.ws": WS}
