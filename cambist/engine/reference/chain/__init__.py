"""What the chain itself says: keys, accounts of its own programs, frames of its nodes, logs and transactions."""
