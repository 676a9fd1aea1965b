"""Saber as the market runs it."""
