"""Instructions and the messages they go into."""
