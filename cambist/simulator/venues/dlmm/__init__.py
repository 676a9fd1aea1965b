"""Meteora DLMM as the market runs it."""
