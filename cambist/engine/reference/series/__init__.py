"""Figures over time: bars, indicators and trends."""
