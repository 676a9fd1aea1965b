"""Orca Whirlpool as the market runs it."""
