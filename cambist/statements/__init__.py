"""Statements of a journal: its rows as sheets, what was earned by group, and the files they are exported to.

A sheet is columns and rows without a format; what writes tables, JSON, CSV or Parquet knows nothing of money.
"""
