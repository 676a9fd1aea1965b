"""Themes: plain data, one file each. Imports nothing outside the standard library."""

from themes.load import ROLES, Theme, channels, load, mix, names

__all__ = ["ROLES", "Theme", "channels", "load", "mix", "names"]
