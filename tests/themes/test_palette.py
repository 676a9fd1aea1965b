"""Contrast and deuteranopia figures of the look, computed from the themes themselves."""

import pytest

from themes import ROLES, channels, load, names

TRUE = [name for name in names() if load(name).colours == "true"]
TEXT = (
    "text", "strong", "muted", "accent", "price-up", "price-down", "profit", "loss", "stale", "danger", "demo",
    "replay-text", "venue-ray4", "venue-cpmm", "venue-orca", "venue-dlmm", "venue-binance", "venue-other",
)  # fmt: skip
GROUNDS = ("background", "raised", "overlay", "selection", "live-tint")
BADGES = (
    ("on-live", "live"),
    ("on-paper", "paper"),
    ("on-replay", "replay"),
    ("demo", "demo-background"),
    ("on-accent", "accent"),
)
DEUTERANOPIA = (  # Machado, Oliveira, Fernandes 2009, severity 1
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)


def linear(channel: float) -> float:
    share = channel / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def luminance(colour: str) -> float:
    red, green, blue = (linear(c) for c in channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lab(rgb: tuple[float, float, float]) -> tuple[float, float, float]:
    red, green, blue = rgb
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883
    fx, fy, fz = (v ** (1 / 3) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116 for v in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def simulate(colour: str) -> tuple[float, float, float]:
    rgb = [linear(c) for c in channels(colour)]
    seen = (min(1.0, max(0.0, sum(m * c for m, c in zip(row, rgb, strict=True)))) for row in DEUTERANOPIA)
    return tuple(seen)  # type: ignore[return-value]


def delta(first: str, second: str, seen: bool = True) -> float:
    if seen:
        one, two = lab(simulate(first)), lab(simulate(second))
    else:
        one, two = (lab(tuple(linear(c) for c in channels(x))) for x in (first, second))
    return sum((a - b) ** 2 for a, b in zip(one, two, strict=True)) ** 0.5


@pytest.mark.parametrize("name", names())
def test_every_theme_has_every_role(name):
    theme = load(name)
    assert set(theme.roles) == set(ROLES)
    assert theme.name == name


@pytest.mark.parametrize("name", TRUE)
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_roles_have_contrast(name, ground):
    roles = load(name).roles
    ratios = {role: contrast(roles[role], roles[ground]) for role in TEXT}
    worst = min(ratios, key=ratios.__getitem__)
    assert ratios[worst] >= 4.5, f"{worst} on {ground} has {ratios[worst]:.2f}"


@pytest.mark.parametrize("name", TRUE)
@pytest.mark.parametrize(("ink", "badge"), BADGES)
def test_badges_have_contrast(name, ink, badge):
    roles = load(name).roles
    assert contrast(roles[ink], roles[badge]) >= 4.5


@pytest.mark.parametrize("name", TRUE)
def test_flashed_digits_have_contrast(name):
    roles = load(name).roles
    assert contrast(roles["text"], roles["flash"]) >= 4.5


@pytest.mark.parametrize(
    ("name", "role", "ground", "stated"),
    [
        ("verdigris", "danger", "selection", 4.83),
        ("ledger", "muted", "selection", 4.52),
        ("harbour", "muted", "selection", 4.95),
        ("verdigris", "text", "background", 13.2),
        ("ledger", "accent", "background", 6.0),
        ("harbour", "stale", "background", 15.7),
    ],
)
def test_measured_contrasts_are_the_stated_ones(name, role, ground, stated):
    roles = load(name).roles
    assert contrast(roles[role], roles[ground]) == pytest.approx(stated, abs=0.06)


@pytest.mark.parametrize(
    ("first", "second", "stated"),
    [
        ("profit", "loss", 117),
        ("profit", "stale", 109),
        ("loss", "stale", 26),
        ("live", "paper", 112),
        ("live", "replay", 38),
    ],
)
def test_harbour_is_told_apart_without_green_receptors(first, second, stated):
    roles = load("harbour").roles
    difference = delta(roles[first], roles[second])
    assert difference >= 25
    assert difference == pytest.approx(stated, abs=3)


def test_the_other_themes_need_sign_glyph_and_word():
    verdigris, ledger, harbour = (load(n).roles for n in ("verdigris", "ledger", "harbour"))
    assert delta(verdigris["profit"], verdigris["loss"], seen=False) == pytest.approx(103, abs=3)
    assert delta(verdigris["profit"], verdigris["loss"]) == pytest.approx(11, abs=3)
    assert delta(ledger["loss"], ledger["stale"], seen=False) == pytest.approx(46, abs=3)
    assert delta(ledger["loss"], ledger["stale"]) == pytest.approx(8, abs=3)
    assert delta(harbour["accent"], harbour["text"]) < 20
    assert "bold" in load("harbour").attributes["accent"]


def test_an_unknown_theme_is_named_with_those_that_exist():
    with pytest.raises(ValueError, match=r"'sepia'.*verdigris"):
        load("sepia")


def test_mono_uses_no_colour():
    theme = load("mono")
    assert set(theme.roles.values()) == {"ansi_default"}
