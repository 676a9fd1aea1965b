"""No colour: bold, reverse and underline only (`NO_COLOR`)."""

from themes.load import ROLES, Theme

THEME = Theme(
    name="mono",
    label="no colour",
    colours="mono",
    roles=dict.fromkeys(ROLES, "ansi_default"),
    attributes={
        "strong": "bold",
        "accent": "bold",
        "profit": "bold",
        "loss": "bold underline",
        "stale": "underline",
        "danger": "bold underline",
        "demo": "underline",
        "chip": "reverse",
        "selection": "underline",
        "flash": "underline",
        "live": "reverse",
        "paper": "reverse",
        "replay": "reverse",
    },
    heat=(),
)
