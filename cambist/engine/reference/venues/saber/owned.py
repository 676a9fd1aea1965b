"""Addresses of Saber."""

from __future__ import annotations

from cambist.engine.reference.chain import program

SABER = program.key("SSwpkEEcbUqx4vtoEByFjSkhKdCT862DNVb52nZg1UZ")
