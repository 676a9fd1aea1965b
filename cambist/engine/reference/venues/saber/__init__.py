"""Saber stable swaps."""
