"""Cycles in the market, and how much to put into one."""
