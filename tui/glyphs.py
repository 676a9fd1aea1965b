"""Every glyph the screens write, by name, in Unicode and in ASCII (LOOK.md section 9).

Panels look glyphs up and never spell one. Which set is in use is a property of the terminal, so it is process-wide.
"""

from __future__ import annotations

_SETS: dict[str, tuple[str, str]] = {
    "rule": ("─", "-"),
    "rule-heavy": ("━", "="),
    "bar": ("━", "="),
    "bar-half": ("╸", "="),
    "track": ("─", "-"),
    "heat": ("▇", "#"),
    "placeholder": ("╌", "-"),
    "to": ("→", ">"),
    "dash": ("─", "-"),
    "go": ("●", "*"),
    "live": ("●", "*"),
    "running": ("●", "*"),
    "recording": ("●", "*"),
    "skip": ("○", "o"),
    "idle": ("○", "o"),
    "unrecorded": ("○", "o"),
    "stale": ("◌", "?"),
    "blocked": ("▲", "^"),
    "warn": ("!", "!"),
    "up": ("▲", "^"),
    "down": ("▼", "v"),
    "playhead": ("▲", "^"),
    "reducing": ("◐", "%"),
    "halted": ("■", "#"),
    "demo": ("◇", "~"),
    "bookmark": ("◇", "~"),
    "fill": ("◆", "#"),
    "optimum": ("◆", "#"),
    "cursor": ("▌", ">"),
    "passed": ("✓", "+"),
    "failed": ("×", "x"),
    "error": ("×", "x"),
    "gap": ("×", "x"),
    "times": ("×", "x"),
    "minus": ("−", "-"),
    "micro": ("µ", "u"),
    "unequal": ("≠", "!="),
    "at-least": ("≥", ">"),
    "at-most": ("≤", "<"),
    "dot": ("·", "|"),
    "ellipsis": ("…", "~"),
    "frozen": ("❚❚", "||"),
    "paused": ("❚❚", "||"),
    "playing": ("▶", ">"),
    "unknown": ("–", "-"),
    "thin-space": ("\u2009", ","),
    "sort-down": ("↓", "v"),
    "sort-up": ("↑", "^"),
    "band-left": ("├", "["),
    "band-right": ("┤", "]"),
    "band-price": ("●", "*"),
    "pin": ("+", "+"),
    "live-edge": ("!", "!"),
    "corner-top-left": ("╭", "+"),
    "corner-top-right": ("╮", "+"),
    "corner-bottom-left": ("╰", "+"),
    "corner-bottom-right": ("╯", "+"),
    "border-left": ("│", "|"),
    "corner-top-left-heavy": ("┏", "#"),
    "corner-top-right-heavy": ("┓", "#"),
    "corner-bottom-left-heavy": ("┗", "#"),
    "corner-bottom-right-heavy": ("┛", "#"),
    "border-left-heavy": ("┃", "#"),
    "bar-half-right": ("╺", "="),
    "dashes": ("╌", "-"),
    "dashes-up": ("╎", "|"),
    "now": ("┃", "|"),
    "line-price": ("⠒", "-"),
    "line-average": ("⠶", "="),
    "line-band": ("⠐", "."),
    "reference": ("◆", "#"),
    "equivalent": ("≡", "="),
}
SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"
HEAT = ".:-=+*#"
"""Heat cells where no tints can be shown, low to high."""
BRAILLE_ASCII = "_-'"
"""Heights of a line where braille can't be shown, low to high."""


class _Current:
    index = 0


def use_ascii(wanted: bool) -> None:
    """Chooses the ASCII set, or the Unicode set, for everything painted from now on."""
    _Current.index = int(wanted)


def is_ascii() -> bool:
    """Returns True while the ASCII set is in use."""
    return _Current.index == 1


def glyph(name: str) -> str:
    """Returns the glyph called `name` in the set in use. Raises `KeyError` for a name that doesn't exist."""
    return _SETS[name][_Current.index]


def names() -> tuple[str, ...]:
    """Returns the names of all glyphs."""
    return tuple(_SETS)


_TRANSLATION = str.maketrans(
    {pair[0]: pair[1] for pair in _SETS.values() if len(pair[0]) == 1} | {"≈": "~", "’": "'", "↵": "<"}
)


def plain(text: str) -> str:
    """Returns `text` in the set in use: glyphs inside a sentence become ASCII where ASCII is in use."""
    return text.translate(_TRANSLATION) if _Current.index else text
