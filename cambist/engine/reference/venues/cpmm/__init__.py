"""Raydium CPMM."""
