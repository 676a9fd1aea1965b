"""A live arbitrage dashboard for the terminal."""

VERSION = "0.1.0"
