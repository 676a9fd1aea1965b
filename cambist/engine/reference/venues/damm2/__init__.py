"""Meteora DAMM v2."""
