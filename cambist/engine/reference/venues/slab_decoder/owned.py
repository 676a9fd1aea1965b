"""Addresses of on-chain order books."""

from __future__ import annotations

from cambist.engine.reference.chain import program

SERUM = program.key("9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin")
OPENBOOK_V1 = program.key("srmqPvymJeFKQ4zGQed1GFppgkRHL9kaELCbyksJtPX")
OPENBOOK_V2 = program.key("opnb2LAfJYbRMAHHvqjCwQxanZn7ReEHp1k81EohpZb")
PHOENIX = program.key("PhoeNiXZ8ByJGLkxNfZRnkUfjvmuYqLR89jjFHGqdXY")
