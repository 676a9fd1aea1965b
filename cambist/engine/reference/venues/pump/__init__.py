"""Pump AMM."""
