"""Orca Whirlpools."""
