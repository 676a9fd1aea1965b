"""The one registry of actions: bindings, footer, palette and help are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.binding import Binding

if TYPE_CHECKING:
    from collections.abc import Callable

LIVE_GROUP = "Spends or stops money"


@dataclass(frozen=True)
class Situation:
    """What decides whether an action does something now."""

    panel: str = "cycles"
    """Name of the focused panel: `prices`, `cycles`, `fees`, `duel`, `trades`, `feeds`, `log`."""
    mode: str = "PAPER"
    replay: bool = False
    playing: bool = False
    beside_live: bool = False
    """A replay opened beside a live runtime, which `k` still halts."""
    read_only: bool = False
    halted: bool = False
    frozen: bool = False
    zoomed: bool = False
    recording: bool = False
    table: bool = True
    """The focused panel is a table."""
    sorts: bool = True
    """It can be sorted."""
    has_row: bool = True
    """It is a table with a row under the cursor."""
    failed: bool = False
    """The focused panel is in error."""


def _always(_: Situation) -> bool:
    return True


@dataclass(frozen=True)
class Action:
    """Something an operator can do. `id` is public: keys are remapped by it."""

    id: str
    keys: tuple[str, ...]
    """Textual key names; the first one is the one shown, unless `shown` says otherwise."""
    shown: str
    """The key as footer and help write it."""
    word: str | Callable[[Situation], str]
    """The word beside the key in the footer."""
    help: str
    group: str
    """Heading in help; empty for the focused panel's own keys."""
    when: Callable[[Situation], bool] = _always
    danger: bool = False
    mutating: bool = False
    """Not offered with `--read-only`."""
    footer: int = 0
    """Place in the footer from the left; 0 is not there."""
    keep: int = 0
    """Which footer entries stay when room is short: lower stays longer."""
    steps: tuple[str, ...] = ()
    """What the keys mean, in their order, handed to the action; without it, the key itself."""

    def label(self, situation: Situation) -> str:
        """Returns the footer's word in a situation."""
        return self.word if isinstance(self.word, str) else self.word(situation)

    def available(self, situation: Situation) -> bool:
        """Returns True if the action does something now."""
        return not (self.mutating and situation.read_only) and self.when(situation)


def _panel(*names: str) -> Callable[[Situation], bool]:
    return lambda now: now.panel in names


def _table(now: Situation) -> bool:
    return now.table


def _live(now: Situation) -> bool:
    return not now.replay


def _replay(now: Situation) -> bool:
    return now.replay


def _freeze_word(now: Situation) -> str:
    if now.replay:
        return "pause" if now.playing else "play"
    return "back to now" if now.frozen else "freeze"


ACTIONS: tuple[Action, ...] = (
    Action("move", ("up", "down", "pageup", "pagedown", "home", "end"), "↑ ↓", "move", "move", "", _table),
    Action(
        "detail", ("enter",), "enter", "detail", "open the hops, costs and curve", "",
        lambda now: now.panel == "cycles" and now.has_row, footer=4, keep=4,
    ),
    Action(
        "price", ("enter",), "enter", "detail", "open bars, average and band", "",
        lambda now: now.panel == "prices" and now.has_row, footer=4, keep=4,
    ),
    Action(
        "money", ("enter",), "enter", "money", "open wallets, what is left over, costs and limits", "",
        _panel("trades"), footer=4, keep=4,
    ),
    Action("why", ("w",), "w", "why", "why, or why not", "", lambda now: now.panel == "cycles" and now.has_row),
    Action("pin", ("F",), "F", "pin", "pin the cycle", "", lambda now: now.panel == "cycles" and now.has_row),
    Action("sort", ("s", "S"), "s S", "sort", "sort, reverse", "", lambda now: now.sorts),
    Action(
        "filter", ("slash",), "/", "filter", "filter, e.g. usdc !bonk", "", _table, footer=5, keep=6,
    ),
    Action("rejected", ("x",), "x", "rejected", "show or hide rejected cycles", "", _panel("cycles")),
    Action("retry", ("r",), "r", "try now", "connect again now", "", lambda now: now.panel == "feeds" or now.failed),
    Action("feedlog", ("l",), "l", "log", "log of this feed", "", _panel("feeds")),
    Action(
        "export", ("E",), "E", "export", "export the table", "", lambda now: now.has_row,
    ),
    Action("copy", ("y",), "y", "copy", "copy as JSON", "", lambda now: now.has_row),
    Action(
        "panel", tuple("123456789"), "1-9", "panels", "show or focus a panel", "Panels", footer=1, keep=1,
    ),
    Action("zoom", ("z",), "z", "zoom", "zoom, esc to restore", "Panels", footer=2, keep=2),
    Action(
        "history", ("h",), "h", "history", "what became of gaps", "Panels", footer=6, keep=8,
    ),
    Action("next", ("tab", "shift+tab"), "tab", "next", "next panel", "Panels"),
    Action(
        "freeze", ("space",), "space", _freeze_word, "freeze; data is still collected", "Watch", _live,
        footer=3, keep=3,
    ),
    Action("wrong", ("exclamation_mark",), "!", "wrong", "only what is wrong", "Watch"),
    Action("theme", ("t",), "t", "theme", "next theme", "Watch", footer=9, keep=10),
    Action(
        "engine", ("e",), "e", "engine", "Rust or Python engine, loaded beside; again cancels", "Watch", _live,
        mutating=True,
    ),
    Action("rule", ("u",), "u", "rule", "rule that trades must keep", "Watch", _live, mutating=True),
    Action(
        "record", ("R",), "R", "record", "start or stop recording",
        "Record and replay", _live, mutating=True, footer=7, keep=8,
    ),
    Action("open", ("o",), "o", "open", "open a session", "Record and replay", footer=8, keep=9),
    Action(
        "play", ("space",), "space", _freeze_word, "play or pause", "Record and replay", _replay, footer=-8, keep=-8,
    ),
    Action(
        "step", ("comma", "full_stop"), ", .", "step", "step back, forward", "Record and replay", _replay,
        footer=-7, keep=-7, steps=("-1", "1"),
    ),
    Action(
        "speed", ("less_than_sign", "greater_than_sign"), "< >", "speed", "slower, faster", "Record and replay",
        _replay, footer=-6, keep=-6, steps=("-1", "1"),
    ),
    Action(
        "seek", ("left_square_bracket", "right_square_bracket"), "[ ]", "10 s", "10 s back, forward",
        "Record and replay", _replay, footer=-5, keep=-5, steps=("-10", "10"),
    ),
    Action(
        "leap", ("left_curly_bracket", "right_curly_bracket"), "{ }", "1 min", "1 min back, forward",
        "Record and replay", _replay, footer=-4, keep=-3, steps=("-60", "60"),
    ),
    Action(
        "event", ("n", "N"), "n N", "next event", "next, previous event", "Record and replay", _replay,
        footer=-3, keep=-4, steps=("1", "-1"),
    ),
    Action("bookmark", ("b",), "b", "bookmark", "bookmark this moment", "Record and replay", footer=9, keep=11),
    Action("goto", ("g",), "g", "go to time", "go to a time", "Record and replay", _replay, footer=-1, keep=-2),
    Action(
        "mode", ("m",), "m", lambda now: "back to paper" if now.mode == "LIVE" else "go live",
        "paper or live; live asks for a word", LIVE_GROUP, _live, danger=True, mutating=True, footer=6, keep=7,
    ),
    Action(
        "halt", ("k", "ctrl+k"), "k", "HALT", "HALT all, at once", LIVE_GROUP,
        lambda now: not now.replay or now.beside_live, danger=True, mutating=True,
    ),
    Action(
        "clear", ("K",), "K", "clear", "clear a halt", LIVE_GROUP,
        lambda now: now.halted and not now.replay, danger=True, mutating=True,
    ),
    Action("palette", ("ctrl+p",), "ctrl+p", "palette", "palette: every action by name", "App", footer=11, keep=12),
    Action("help", ("question_mark",), "?", "help", "this page", "App", footer=10, keep=5),
    Action("back", ("escape",), "esc", "back", "back one level; never quits", "App"),
    Action("quit", ("q",), "q", "quit", "quit", "App"),
)  # fmt: skip


class Registry:
    """All actions, and which of them do something in a situation."""

    def __init__(self, actions: tuple[Action, ...] = ACTIONS) -> None:
        self.actions = actions
        self._by_id = {action.id: action for action in actions}

    def __getitem__(self, id: str) -> Action:
        return self._by_id[id]

    def available(self, situation: Situation) -> tuple[Action, ...]:
        """Returns the actions that do something now, in registry order."""
        return tuple(action for action in self.actions if action.available(situation))

    def groups(self, situation: Situation, own: str = "This panel") -> dict[str, tuple[Action, ...]]:
        """Returns the available actions by heading; the focused panel's own come first, headed `own`."""
        found: dict[str, list[Action]] = {}
        for action in self.available(situation):
            found.setdefault(action.group or own, []).append(action)
        return {group: tuple(actions) for group, actions in found.items()}

    def footer(self, situation: Situation, room: int, gap: int) -> tuple[Action, ...]:
        """Returns the footer's entries that fit `room` cells with `gap` between, left to right."""
        offered = [action for action in self.available(situation) if action.footer]
        kept: list[Action] = []
        used = -gap
        for action in sorted(offered, key=lambda action: action.keep):
            size = gap + len(action.shown) + 1 + len(action.label(situation))
            if used + size > room:
                break
            used += size
            kept.append(action)
        return tuple(sorted(kept, key=lambda action: action.footer))

    def bindings(self) -> list[Binding]:
        """Returns a Binding per key; several actions on one key become one, and the situation decides."""
        made: dict[str, Binding] = {}
        for action in self.actions:
            for key in action.keys:
                first = key == action.keys[0]
                made.setdefault(
                    key,
                    Binding(
                        key,
                        f"press('{key}')",
                        description=action.help,
                        id=action.id if first else f"{action.id}-{action.keys.index(key) + 1}",
                        tooltip=action.help,
                        show=False,
                        priority=key in ("ctrl+k", "tab", "shift+tab"),
                    ),
                )
        return list(made.values())

    def find(self, key: str, situation: Situation) -> tuple[Action, str] | None:
        """Returns the action that `key` means now, and what the key means to it; None if nothing."""
        for action in self.actions:
            if key in action.keys and action.available(situation):
                index = action.keys.index(key)
                return action, action.steps[index] if action.steps else key
        return None


REGISTRY = Registry()
