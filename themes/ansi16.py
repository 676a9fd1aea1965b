"""Sixteen colours: the terminal's own, for terminals without more. No tints, surfaces or backdrop."""

from themes.load import ROLES, Theme

THEME = Theme(
    name="ansi16",
    label="16 colours",
    colours="16",
    roles=dict.fromkeys(ROLES, "ansi_default")
    | {
        "strong": "ansi_bright_white",
        "muted": "ansi_bright_black",
        "faint": "ansi_bright_black",
        "border": "ansi_bright_black",
        "border-focus": "ansi_cyan",
        "accent": "ansi_cyan",
        "on-accent": "ansi_black",
        "profit": "ansi_green",
        "loss": "ansi_red",
        "danger": "ansi_red",
        "stale": "ansi_yellow",
        "demo": "ansi_magenta",
        "paper": "ansi_blue",
        "on-paper": "ansi_white",
        "live": "ansi_red",
        "on-live": "ansi_white",
        "replay": "ansi_yellow",
        "on-replay": "ansi_black",
        "replay-text": "ansi_yellow",
        "selection": "ansi_blue",
        "flash": "ansi_blue",
        "cost-pools": "ansi_bright_black",
        "cost-chain": "ansi_white",
    },
    attributes={
        "strong": "bold",
    },
    heat=(),
)
