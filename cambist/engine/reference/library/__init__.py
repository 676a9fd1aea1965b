"""Calls for users of the engine, beside what the terminal needs."""
