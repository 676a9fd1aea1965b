"""Programs whose pools and books are read, one room each."""
