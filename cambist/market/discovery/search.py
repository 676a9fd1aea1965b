"""A search on one node: by mints, by vaults, by liquidity, then each pool that is kept in full.

Liquidity is what a pool's vaults hold of base tokens, in the first of them: the other side is only worth what the pool
itself says, so a worthless token can't make a pool deep.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from cambist.engine.reference.chain import base58
from cambist.engine.reference.chain.reader import key, unsigned
from cambist.market.discovery import mints, terms
from cambist.market.discovery.found import Ask, Found, FoundPool
from cambist.market.discovery.mints import FoundToken
from cambist.market.discovery.node import INSTEAD, Account, DiscoveryError, Excluded
from cambist.market.discovery.venues import VENUES
from cambist.model.text import short
from cambist.model.venues import POOL_VENUES, VENUE_OF_PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from fractions import Fraction

    from cambist.market.discovery.node import Node
    from cambist.market.discovery.venue import PoolLayout

WHOLE = (0, 2_048)
"""No pool's account is longer, a longer one is none; of a mint this holds any that is traded."""
VAULT = (0, 72)
"""Mint, owner and amount of a token account."""
VAULTS_BYTES, WHOLE_BYTES = 800, 2_600
"""Most JSON bytes of a pool's two vaults (96 characters each in their envelopes), and of a pool in full with its mints
(2,060 characters of a CLMM pool)."""
CHUNK = 100
MAX_QUESTIONS = 5_000
PROGRAMS = {venue.name: venue.programs for venue in POOL_VENUES}


@dataclass(slots=True, eq=False)
class Candidate:
    """A pool on the way to being kept."""

    address: str
    program: str
    origin: str
    layout: PoolLayout
    data: bytes
    held: tuple[int | None, int | None] = (None, None)
    liquidity: int | None = None

    @property
    def pair(self) -> tuple[str, str]:
        """Returns the mints of tokens A and B."""
        a, b = self.layout.pair(self.data)
        return base58.encode(a), base58.encode(b)

    def vaults(self) -> tuple[str, str]:
        """Returns the vaults."""
        a, b = self.layout.vault_keys(self.data)
        return base58.encode(a), base58.encode(b)

    def price(self) -> Fraction | None:
        """Returns atoms of B per atom of A."""
        a, b = self.held
        return None if a is None or b is None else self.layout.price(self.data, (a, b))


def questions(ask: Ask) -> list[tuple[PoolLayout, str, str, str]]:
    """Returns what has to be asked: (layout, program, mint of A, mint of B)."""
    found = []
    for venue in ask.venues:
        layout = VENUES[venue].layout
        for one, other in combinations(ask.tokens, 2):
            low, high = sorted((one, other), key=lambda mint: base58.decode(mint) or b"")
            ways = [(low, high)] if layout.sorted_mints else [(low, high), (high, low)]
            found += [(layout, program, a, b) for program in PROGRAMS[venue] for a, b in ways]
    return found


def filters(layout: PoolLayout, mint_a: str, mint_b: str) -> list[dict[str, object]]:
    """Returns the filters of getProgramAccounts for one pair of a venue."""
    head: list[dict[str, object]] = [{"dataSize": layout.size}] if layout.size is not None else []
    if layout.discriminator:
        head.append({"memcmp": {"offset": 0, "bytes": layout.discriminator}})
    pairs = zip(layout.mints, (mint_a, mint_b), strict=True)
    return head + [{"memcmp": {"offset": at, "bytes": mint}} for at, mint in pairs]


class Search:
    """One search. What it leaves out it counts and says."""

    def __init__(self, node: Node, ask: Ask, progress: Callable[[str], None] = lambda _: None) -> None:
        self._node, self._ask, self._progress = node, ask, progress
        self._notes: list[str] = []
        self._dropped: Counter[str] = Counter()
        self._tokens: dict[str, FoundToken | str] = {}

    async def run(self) -> Found:
        """Returns what was found. Raises `DiscoveryError` if the node won't do."""
        ask = self._ask
        await self._read_mints([*ask.base, *ask.tokens, *ask.mints])
        named, absent = await self._addressed(ask.named, ask.origin)
        listed, missing = await self._addressed([a for a in ask.listed if a not in ask.named], "list")
        self._dropped.update(pool.state.partition(":")[0] for pool in missing)
        known = {candidate.address for candidate in (*named, *listed)} | {pool.address for pool in absent}
        found = [candidate for candidate in await self._by_mints() if candidate.address not in known]
        await self._fill([*named, *listed, *found])
        pools = [*await self._examine(named), *absent, *await self._keep([*listed, *found])]
        if self._dropped:
            counts = (f"{count} {why}" for why, count in sorted(self._dropped.items()))
            self._notes.append(f"left out: {', '.join(counts)}")
        tokens = tuple(token for token in self._tokens.values() if isinstance(token, FoundToken))
        node = self._node
        return Found(
            asked=ask,
            node=node.label,
            at_ns=time.time_ns(),
            slot=node.slot,
            pools=tuple(pools),
            tokens=tokens,
            notes=tuple(self._notes),
            calls=node.calls,
            bytes_read=node.bytes_read,
        )

    # Finding

    async def _addressed(self, addresses: Sequence[str], origin: str) -> tuple[list[Candidate], list[FoundPool]]:
        """Returns the pools at addresses, and those that are none with the reason."""
        found, wrong = [], []
        if addresses:
            self._progress(f"reading {len(addresses)} pools by address")
        for address, account in (await self._node.accounts(addresses, WHOLE)).items():
            if account is None:
                wrong.append(FoundPool(address, "", "", origin, state="no such account"))
            elif account.owner not in VENUE_OF_PROGRAM:
                state = f"not quotable: its program is {account.owner[:44]}"
                wrong.append(FoundPool(address, account.owner, "", origin, state=state))
            else:
                layout = VENUES[VENUE_OF_PROGRAM[account.owner]].layout
                if len(account.data) < layout.least or account.space > WHOLE[1]:
                    state = f"not readable: size was {account.space}, expected {layout.size or layout.least}"
                    wrong.append(FoundPool(address, account.owner, layout.venue, origin, state=state))
                else:
                    found.append(Candidate(address, account.owner, origin, layout, account.data))
        return found, wrong

    async def _by_mints(self) -> list[Candidate]:
        asked = questions(self._ask)
        if len(asked) > MAX_QUESTIONS:
            message = (
                f"[watch] tokens × venues are {len(asked)} questions, at most {MAX_QUESTIONS} are asked; name fewer"
            )
            raise DiscoveryError(message)
        found: dict[str, Candidate] = {}
        excluded: dict[str, str] = {}
        for at, (layout, program, mint_a, mint_b) in enumerate(asked):
            done = f"{at} of {len(asked)} questions, {len(found)} pools, {self._node.bytes_read / 1e6:.1f} MB"
            self._progress(f"looking for pools: {done}")
            later = len(found) * VAULTS_BYTES + min(len(found), self._ask.max_pools + CHUNK) * WHOLE_BYTES
            if later > self._node.bytes_left:
                self._notes.append(f"cut after {done}: raise [watch] max_megabytes, or ask for fewer tokens")
                break
            if program in excluded:
                continue
            try:
                rows = await self._node.owned(program, filters(layout, mint_a, mint_b), layout.window)
            except Excluded as error:
                excluded[program] = str(error)
                continue
            for row in rows:
                data = layout.pad(row.account.data)
                if base58.decode(row.key) and self._is_asked(row.account, layout, program, data, (mint_a, mint_b)):
                    found[row.key] = Candidate(row.key, program, "discovery", layout, data)
                else:
                    self._dropped["not what was asked for"] += 1
        self._note_excluded(excluded, len({program for _, program, _, _ in asked}))
        return list(found.values())

    def _note_excluded(self, excluded: dict[str, str], asked: int) -> None:
        if excluded and len(excluded) == asked:
            message = f"{next(iter(excluded.values()))}: {INSTEAD}"
            raise DiscoveryError(message)
        self._notes += [f"{VENUE_OF_PROGRAM[program]}: {why}" for program, why in excluded.items()]

    @staticmethod
    def _is_asked(account: Account, layout: PoolLayout, program: str, data: bytes, pair: tuple[str, str]) -> bool:
        """Returns whether a row is what was asked for: a node's word is not taken for it."""
        if account.owner != program or len(data) < layout.least:
            return False
        a, b = layout.pair(data)
        return (base58.encode(a), base58.encode(b)) == pair

    # Liquidity

    async def _fill(self, candidates: list[Candidate]) -> None:
        """Fills in what the vaults hold and what that is in the first base token."""
        self._progress(f"reading the vaults of {len(candidates)} pools")
        vaults = await self._node.accounts([vault for each in candidates for vault in each.vaults()], VAULT)
        for each in candidates:
            (one, other), (mint_a, mint_b) = each.vaults(), each.pair
            each.held = (_held(vaults.get(one), mint_a), _held(vaults.get(other), mint_b))
        prices = self._prices(candidates)
        for each in candidates:
            sides = zip(each.pair, each.held, strict=True)
            worth = [None if held is None else held * prices[mint] for mint, held in sides if mint in prices]
            if worth and None not in worth:
                each.liquidity = int(sum(part for part in worth if part is not None))

    def _prices(self, candidates: list[Candidate]) -> dict[str, Fraction | int]:
        """Returns what an atom of each base token is in atoms of the first, by the pool with most of the first."""
        base = self._ask.base
        prices: dict[str, Fraction | int] = {base[0]: 1} if base else {}
        for mint in base[1:]:
            deepest = 0
            for each in candidates:
                pair, price = each.pair, None
                if set(pair) == {mint, base[0]}:
                    price = each.price()
                depth = each.held[pair.index(base[0])] if price else None
                if price and depth and depth > deepest:
                    deepest = depth
                    prices[mint] = price if pair[1] == base[0] else 1 / price
            if mint not in prices and any(mint in each.pair for each in candidates):
                which = f"{short(mint)} in {short(base[0])}"
                self._notes.append(f"no pool prices {which}, so what holds it is unknown; name both in [watch] tokens")
        return prices

    # Keeping

    async def _keep(self, candidates: list[Candidate]) -> list[FoundPool]:
        """Returns the usable ones with most liquidity."""
        ask, least = self._ask, self._least()
        unknown = [each for each in candidates if each.liquidity is None] if least else []
        thin = [each for each in candidates if each.liquidity is not None and each.liquidity < least]
        self._dropped.update({"with unknown liquidity": len(unknown), "under min_liquidity": len(thin)})
        left = {*unknown, *thin}
        enough = [each for each in candidates if each not in left]
        enough.sort(key=lambda each: (each.liquidity is None, -(each.liquidity or 0), each.address))
        kept: list[FoundPool] = []
        for at in range(0, len(enough), CHUNK):
            for pool in await self._examine(enough[at : at + CHUNK]):
                if not pool.usable:
                    self._dropped[pool.state.partition(":")[0].partition(" (")[0]] += 1
                elif len(kept) < ask.max_pools:
                    kept.append(pool)
                else:
                    self._dropped["beyond max_pools"] += 1
            if len(kept) == ask.max_pools:
                self._dropped["beyond max_pools"] += len(enough[at + CHUNK :])
                break
        self._dropped = +self._dropped
        return kept

    def _least(self) -> int:
        """Returns the liquidity that is needed, in atoms of the first base token."""
        ask = self._ask
        if not ask.min_liquidity:
            return 0
        unit = self._tokens.get(ask.base[0]) if ask.base else "no base token is known"
        if not isinstance(unit, FoundToken):
            message = f"[watch] min_liquidity: the first base token can't be read: {unit}"
            raise DiscoveryError(message)
        return round(ask.min_liquidity * float(10**unit.decimals))

    async def _examine(self, candidates: list[Candidate]) -> list[FoundPool]:
        """Returns rows of pools from their accounts in full, their fee configs and their mints."""
        self._progress(f"reading {len(candidates)} pools in full")
        whole = await self._node.accounts([each.address for each in candidates if each.origin == "discovery"], WHOLE)
        for each in candidates:
            if (account := whole.get(each.address)) is not None and account.owner == each.program:
                each.data = account.data
        configs = [(each, terms.config_key(each.layout.venue, each.data)) for each in candidates]
        wanted = {base58.encode(found) for _, found in configs if found is not None}
        accounts = await self._node.accounts(sorted(wanted), WHOLE)
        await self._read_mints([mint for each in candidates for mint in each.pair])
        rows = []
        for each, config in configs:
            account = None if config is None else accounts.get(base58.encode(config))
            own = account is not None and account.owner == each.program
            rows.append(self._row(each, account.data if own and account is not None else None))
        return rows

    def _row(self, each: Candidate, config: bytes | None) -> FoundPool:
        judged = terms.judge(each.layout.venue, each.data, config, time.time_ns() // 1_000_000_000)
        state = judged.state if judged.state != terms.USABLE else next(self._mint_trouble(each), judged.state)
        return FoundPool(
            address=each.address,
            program=each.program,
            venue=each.layout.venue,
            origin=each.origin,
            mints=each.pair,
            held=each.held,
            liquidity=each.liquidity,
            fee_ppm=judged.fee_ppm,
            fee_note=judged.fee_note,
            state=state,
            proof=judged.proof,
        )

    def _mint_trouble(self, each: Candidate) -> Iterator[str]:
        """Yields what of its tokens speaks against a pool. Risks count only if the operator didn't name it."""
        for mint in each.pair:
            token = self._tokens.get(mint)
            if not isinstance(token, FoundToken):
                yield f"no mint: {short(mint)} ({token})"
            elif token.risks and each.origin != "config":
                yield f"risky mint: {short(mint)} ({', '.join(token.risks)})"

    async def _read_mints(self, wanted: list[str]) -> None:
        unread = [mint for mint in dict.fromkeys(wanted) if mint not in self._tokens]
        for mint, account in (await self._node.accounts(unread, WHOLE)).items():
            self._tokens[mint] = mints.read(mint, account)


def _held(vault: Account | None, mint: str) -> int | None:
    """Returns a vault's balance, `None` if the account is none of that mint."""
    if vault is None or vault.owner not in mints.PROGRAMS or len(vault.data) < VAULT[1]:
        return None
    return unsigned(vault.data, 64, 8) if base58.encode(key(vault.data, 0)) == mint else None
