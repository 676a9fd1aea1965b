"""Raydium AMM v4."""
