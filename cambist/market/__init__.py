"""What a session watches: markets, the pools found for them, how tokens and venues are named."""
