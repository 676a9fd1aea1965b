"""The theme type and how a theme is found by its name."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module

_NAMES = ("verdigris", "ledger", "harbour", "ansi16", "mono")


@dataclass(frozen=True)
class Theme:
    """Colours by role, plain data.

    A colour is `#rrggbb`, an ANSI name in Textual's spelling (`ansi_cyan`), or `ansi_default` for the terminal's own.
    """

    name: str
    label: str
    """What it is for, in a word or two."""
    roles: dict[str, str]
    """Every role of `ROLES`."""
    heat: tuple[str, ...]
    """Stops of the heat scale, low to high; empty where heat is drawn with characters."""
    dark: bool = True
    colours: str = "true"
    """`true`, `16` or `mono`."""
    attributes: dict[str, str] = field(default_factory=dict)
    """Attributes a role always has besides its colour: `bold`, `reverse`, `underline`, space separated."""


ROLES = (
    "background", "surface", "raised", "overlay", "selection", "flash", "border", "faint", "border-focus",
    "text", "strong", "muted", "accent", "on-accent", "price-up", "price-down", "profit", "loss", "stale", "danger",
    "live", "on-live", "live-tint", "paper", "on-paper", "replay", "on-replay", "replay-text",
    "demo", "demo-background",
    "venue-ray4", "venue-cpmm", "venue-orca", "venue-dlmm", "venue-binance", "venue-other",
    "cost-pools", "cost-chain", "shade",
)  # fmt: skip


def names() -> tuple[str, ...]:
    """Returns the names of all themes, in the order `t` walks through them."""
    return _NAMES


def load(name: str) -> Theme:
    """Returns the theme called `name`. Raises `ValueError` that says which exist."""
    if name not in _NAMES:
        message = f"theme was {name!r}; there are {', '.join(_NAMES)}"
        raise ValueError(message)
    theme = import_module(f"themes.{name}").THEME
    assert isinstance(theme, Theme)
    return theme


def mix(first: str, second: str, share: float) -> str:
    """Returns `#rrggbb` with `share` (0 to 1) of `first` over `second`."""
    pairs = zip(channels(first), channels(second), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def channels(colour: str) -> tuple[int, int, int]:
    """Returns red, green, blue of `#rrggbb`. Raises `ValueError` for anything else."""
    if len(colour) != 7 or colour[0] != "#":
        message = f"colour was {colour!r}, expected #rrggbb"
        raise ValueError(message)
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
