"""Meteora DLMM."""
