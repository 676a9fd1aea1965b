"""The book of OKX as REST gives it."""

ROW = '{"asks":[["101.5","0.0005","0","1"]],"bids":[["101.4","1.25","0","3"]],"ts":"1790000000123","seqId":1004}'
DEPTH = [
    f'{{"code":"0","msg":"","data":[{ROW}]}}',
    f'{{"code":"0","msg":"","data":[{ROW},{ROW}]}}',
    '{"code":"51001","msg":"Instrument ID does not exist","data":[]}',
]
SAMPLES = {"okx.depth": DEPTH}
