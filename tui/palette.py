"""The command palette: every action of the registry that does something now, by name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider

from themes import names
from tui.commands import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SKIPPED = frozenset({"palette", "back", "move"})


class RegistryCommands(Provider):
    """Actions and themes. What is shown are our own words, never untrusted text."""

    def _offers(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        from tui.screens.dashboard import Dashboard  # the dashboard's app names this provider

        dashboard = next(s for s in reversed(self.app.screen_stack) if isinstance(s, Dashboard))
        for action in REGISTRY.available(dashboard.situation):
            if action.id in _SKIPPED:
                continue
            if action.id == "panel":
                for number, title in dashboard.panel_titles():
                    yield f"panel {number}: {title}", "show or focus", partial(dashboard.run, "panel", number)
                continue
            meaning = action.steps[-1] if action.steps else action.keys[0]
            yield f"{action.help}", f"key {action.shown}", partial(dashboard.run, action.id, meaning)
        for name in names():
            yield f"theme {name}", "change the theme", partial(self.app.wear, name)  # type: ignore[attr-defined]

    async def discover(self) -> Hits:
        """Yields everything."""
        for words, note, act in self._offers():
            yield DiscoveryHit(words, act, help=note)

    async def search(self, query: str) -> Hits:
        """Yields what fits the query."""
        matcher = self.matcher(query)
        for words, note, act in self._offers():
            if (score := matcher.match(words)) > 0:
                yield Hit(score, matcher.highlight(words), act, help=note)
