"""Addresses of Orca Whirlpools."""

from __future__ import annotations

from cambist.engine.reference.chain import program

WHIRLPOOL = program.key("whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc")
WHIRLPOOL_IMMUTABLE = program.key("iwhrLHdsgrvmnwU8GF2FSmyabSMjfHwFGJAX2ufJ3ZN")
WHIRLPOOLS_CONFIG = program.key("2LecshUwdy9xi7meFgHtFJQNSKk4KdTrcpvaB56dP2NQ")
