"""Accounts as instructions name them."""

from __future__ import annotations

from cambist.simulator.transactions import Meta


def readonly(key: bytes) -> Meta:
    """Returns an account that is only read."""
    return Meta(key, signer=False, writable=False)


def written(key: bytes) -> Meta:
    """Returns an account that is written."""
    return Meta(key, signer=False, writable=True)
