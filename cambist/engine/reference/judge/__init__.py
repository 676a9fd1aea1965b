"""Whether a cycle is worth an order."""
