"""Addresses of Pump."""

from __future__ import annotations

from cambist.engine.reference.chain import program

PUMP_AMM = program.key("pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA")
PUMP = program.key("6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P")
PUMP_FEES = program.key("pfeeUxB6jkeY1Hxd7CsFCAjcbHA9rWtchMGdZ6VojVZ")
PUMP_AMM_CONFIG = program.key("ADyA8hdefvWN2dbGGWFotbzWxrAvLW83WG6QCVXvJKqw")
PUMP_AMM_EVENTS = program.key("GS4CU59F31iL7aR2Q8zVS8DRrcRnXX1yjQ66TqNVQnaR")
PUMP_AMM_VOLUME = program.key("C2aFPdENg4A2HQsmrd5rTw5TaYBX5Ku887cWjbFKtZpw")
PUMP_FEE_CONFIG = program.key("5PHirr8joyTMp9JMm6nW7hNDVyEYdkzDqazxPD7RaTjx")
