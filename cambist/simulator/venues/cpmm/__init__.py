"""Raydium CPMM as the market runs it."""
