"""Pump AMM as the market runs it."""
