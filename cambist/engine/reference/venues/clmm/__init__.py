"""Raydium CLMM."""
