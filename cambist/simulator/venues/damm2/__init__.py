"""Meteora DAMM v2 as the market runs it."""
