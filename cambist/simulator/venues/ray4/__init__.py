"""Raydium AMM v4 as the market runs it."""
