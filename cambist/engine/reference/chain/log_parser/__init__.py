"""Logs of a transaction: which program wrote each line, and the swaps that the programs report.

A line belongs to the frame on top of the call stack, not to the program named last. `Program log: ` stands before all
text that a program chooses, so text that looks like `Program … invoke [1]` can't open a frame; the prefix is looked at
first. What a program reports counts only in its own frame: a `ray_log` of another program is text.
"""
