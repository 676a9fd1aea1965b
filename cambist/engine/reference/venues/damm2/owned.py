"""Addresses of Meteora DAMM v2."""

from __future__ import annotations

from cambist.engine.reference.chain import program

METEORA_DAMM_V2 = program.key("cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG")
METEORA_DAMM_V2_AUTHORITY = program.key("HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC")
METEORA_DAMM_V2_EVENTS = program.key("3rmHSu74h1ZcmAisVcWerTCiRDQbUrBKmcwptYGjHfet")
