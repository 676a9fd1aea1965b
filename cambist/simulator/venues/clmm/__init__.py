"""Raydium CLMM as the market runs it."""
