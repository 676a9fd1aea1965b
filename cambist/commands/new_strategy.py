"""`cambist new-strategy`: the first files of a plug-in: a strategy, and a test of what replays rely on."""

from __future__ import annotations

from pathlib import Path
from string import Template

from cambist.commands.console import OK, print_line
from cambist.commands.scaffold import written

STRATEGY = Template('''"""$title, as a strategy of cambist.

It takes each go in one transaction that nets enough, and pauses after misses. Put your own measure in its place.
What it decides may rest on its settings, what it is handed, its state and what it asks of the market, nothing else:
no clock, no draw, no file. A replay makes it anew from its state and must come to the same.
"""

from typing import Annotated

import msgspec

from cambist.model.opportunity import Opportunity
from cambist.model.orders import Fill, Order, Stage
from cambist.strategies.base import Kind, Market, Wish


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be set in cambist.toml; `cambist config` lists it."""

    min_net_ppm: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 1_000
    """Least that a trade must net, ppm of its input."""
    pause_slots: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 4
    """Slots without a trade after one that was missed."""


class $klass:
    """Takes what nets enough, and pauses after a miss."""

    def __init__(self, settings: Settings, market: Market) -> None:
        self._settings, self._market = settings, market
        self._slot, self._resumes = 0, 0

    def on_opportunity(self, opportunity: Opportunity) -> list[Wish]:
        """Returns a wish, one that says why it is skipped, or nothing for what is no business of it."""
        if opportunity.settlement != "atomic" or opportunity.net is None:
            return []
        self._slot = opportunity.slot
        floor = opportunity.amount_in + (opportunity.cost.chain or 0)
        wish = Wish(opportunity, opportunity.amount_in, floor + 1)
        if opportunity.net * 1_000_000 < self._settings.min_net_ppm * opportunity.amount_in:
            wish.skip = "nets_too_little"
        elif opportunity.slot < self._resumes:
            wish.skip = "pauses"
        return [wish]

    def on_order(self, order: Order) -> None:
        """Takes note of an order that is open from now on, whoever wished for it."""

    def on_fill(self, order: Order, fill: Fill) -> None:
        """Takes note of how an order ended, whoever wished for it."""
        if fill.status != Stage.FILLED:
            self._resumes = self._slot + self._settings.pause_slots

    def state(self) -> dict[str, int]:
        """Returns all that it must remember over a cut."""
        return {"slot": self._slot, "resumes": self._resumes}

    def restore(self, state: dict[str, int]) -> None:
        """Takes over what `state` returned; empty at the first start."""
        self._slot, self._resumes = state.get("slot", 0), state.get("resumes", 0)


KIND = Kind(api=$api, name="$name", make=$klass, settings=Settings)
''')

TEST = Template('''"""The strategy, held to what cambist relies on."""

from $module import KIND

from cambist.strategies.contract import check, go


def test_it_keeps_the_contract_and_takes_what_nets_enough():
    small = go(2, key="C:0|D:1", route=["C:0", "D:1"], net=999_999)
    assert check(KIND, [go(1), small, go(3)]) == [(1, ""), (2, "nets_too_little"), (3, "")]


def test_it_pauses_after_a_miss():
    slots = range(2, 8)
    said = dict(check(KIND, [go(slot) for slot in slots], {"pause_slots": 3}))
    assert said == {2: "", 3: "pauses", 4: "pauses", 5: "", 6: "", 7: "pauses"}


def test_what_is_settled_leg_by_leg_is_no_business_of_it():
    assert check(KIND, [go(1, settlement="legged")]) == []
''')

PROJECT = Template("""[build-system]
requires = ["setuptools>=70"]
build-backend = "setuptools.build_meta"

[project]
name = "cambist-$name"
version = "0.1.0"
description = "$title for cambist"
requires-python = ">=3.11"
dependencies = ["cambist"]

# It runs once a table in cambist.toml names it: [[strategies]] name = "$name"
[project.entry-points."cambist.strategy"]
$name = "$module:KIND"

[tool.setuptools]
py-modules = ["$module"]
""")


def new_strategy(name: str, /, *, dir: Path = Path()) -> int:
    """Write the first files of a plug-in with a strategy of its own; they are listed on stdout.

    Args:
        name: What the strategy is called in cambist.toml, such as acme.
        dir: The folder to make the plug-in's own folder in.
    """
    for path in write(name, dir):
        print(path)
    print_line(f'put your own measure in; `pip install -e .` there and [[strategies]] name = "{name}" let it run')
    return OK


def write(name: str, folder: Path) -> list[Path]:
    """Writes a strategy named `name`; see `written`."""
    from cambist.strategies import kinds
    from cambist.strategies.base import API

    def files(facts: dict[str, str]) -> dict[str, str]:
        module = facts["module"]
        parts = {"pyproject.toml": PROJECT, f"{module}.py": STRATEGY, f"test_{module}.py": TEST}
        return {where: text.substitute(facts, api=str(API)) for where, text in parts.items()}

    return written("strategy", name, kinds.names(), folder, files)
