"""A user's rules."""
