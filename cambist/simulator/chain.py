"""The chain: accounts, slots, blocks of transactions ordered by what they pay, and what became of each."""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from solders.keypair import Keypair

from cambist.engine.reference.chain import program
from cambist.simulator import jsonrpc
from cambist.simulator.accounts import Account, TokenBalance, clock_account
from cambist.simulator.draw import key32
from cambist.simulator.execution import Outcome, execute
from cambist.simulator.fees import FeeHistory, Paid
from cambist.simulator.slots import SLOT_MS, SLOTS_PER_EPOCH, START_SLOT
from cambist.simulator.transactions import Budget, Transaction, set_limit, sign, transfer
from cambist.simulator.venues import HANDLERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cambist.simulator.pool import Pool

BLOCKHASH_SLOTS = 150
KEPT_SLOTS = 400
TOLD_SLOTS = 40
"""Slots whose transactions can be asked for, with logs and balances: the last finalized one, 32 slots ago, is one.
A busy market has 9 KB for each, and would have two gigabytes for those of all slots whose statuses are kept."""
MAX_PENDING = 8_192
TABLE_META = 56
LOOKUP_PROGRAM = bytes.fromhex("0277a6af97339b7ac88d1892c90446f50002309266f62e53c118244982000000")


Balance = TokenBalance | int
"""What a node tells of an account beside a transaction: the token account, or lamports. Accounts themselves, new with
each swap, made the memory of a busy market twice as much."""


class Landed(NamedTuple):
    """A transaction in a block."""

    slot: int
    signature: bytes
    err: object
    logs: list[str]
    mentions: frozenset[bytes]
    units: int
    transaction: Transaction
    before: dict[bytes, Balance]
    """What the accounts it names held before it, of those that were there."""
    after: dict[bytes, Balance]
    """What those hold that it changed."""


class Status(NamedTuple):
    """What became of a transaction."""

    slot: int
    err: object


class Part(NamedTuple):
    """What one tick did to the slot under way."""

    slot: int
    landed: list[Landed]
    changed: dict[bytes, None]
    """Accounts that changed, in the order of their first change."""


class Block(NamedTuple):
    """A closed slot."""

    slot: int
    landed: list[Landed]
    changed: dict[bytes, None]
    """Accounts that changed, in the order of their first change."""
    fullness: float
    """Share of the capacity that was asked for."""


@dataclass(slots=True)
class _UnderWay:
    """The slot under way."""

    landed: list[Landed]
    changed: dict[bytes, None]
    used: int = 0
    """Compute units asked for by what was run."""
    capacity: int = 0


class Chain:
    """All accounts, and the slots that changed them."""

    slots_per_epoch = SLOTS_PER_EPOCH

    def __init__(self, accounts: dict[bytes, Account], pools: dict[bytes, Pool], seed: int, genesis_ms: int) -> None:
        self.accounts = accounts
        self.pools = pools
        self.slot = START_SLOT
        """The newest closed slot, or one that was dropped."""
        self.stands = START_SLOT
        """The newest closed slot that was not dropped."""
        self.fees = FeeHistory()
        self.statuses: dict[bytes, Status] = {}
        """By signature, of the last `KEPT_SLOTS`; with logs and messages a busy market kept two gigabytes."""
        self.recent: deque[Block] = deque(maxlen=TOLD_SLOTS)
        """Blocks that are told whole."""
        self.transactions = 0
        self.pending: list[Transaction] = []
        self.genesis_hash = key32("cambist genesis", seed)
        self.identity = key32("cambist validator", seed)
        self.faucet = Keypair.from_seed(key32("cambist faucet", seed))
        self._seed = seed
        self._genesis_ms = genesis_ms
        self._kept: deque[list[bytes]] = deque()
        """Signatures of each slot whose statuses are kept."""
        self._recent: dict[bytes, int] = {self._blockhash(START_SLOT): START_SLOT}
        self._digest = hashlib.sha256()
        self._airdrops = 0
        self._under_way: _UnderWay | None = None
        accounts[bytes(self.faucet.pubkey())] = Account(bytes(32), b"", 10**18)
        accounts[program.CLOCK] = self._clock(START_SLOT)

    @property
    def now_ms(self) -> int:
        """Chain time of the newest closed slot in Unix milliseconds."""
        return self._ms_of(self.slot)

    @property
    def epoch(self) -> int:
        """The epoch of the slot under way."""
        return (self.slot + 1) // SLOTS_PER_EPOCH

    @property
    def newest(self) -> int:
        """The slot that accounts are read at: the one under way once something ran in it."""
        return self.stands if self._under_way is None else self.slot + 1

    def run(self, new: Iterable[Transaction], capacity: int) -> Part:
        """Runs a tick of the slot under way: who bids more goes first, up to `capacity` compute units; others wait.

        A transaction that is protected does not land if it would fail.
        """
        opened = self._under_way
        part = Part(self.slot + 1, [], {})
        if opened is None:
            opened = self._under_way = _UnderWay([], {})
            self.accounts[program.CLOCK] = self._clock(part.slot)
            part.changed[program.CLOCK] = None
        for transaction in self._choose(new, capacity, opened):
            before = _held(self._named_by(transaction))
            outcome = self._execute(transaction, part.slot)
            if not outcome.changed or (outcome.err is not None and transaction.protected):
                continue  # one that could not even pay its fee is left out by the leader too
            for key, account in outcome.changed.items():
                self.accounts[key] = account
                part.changed[key] = None
            signature = transaction.signatures[0]
            item = Landed(
                part.slot,
                signature,
                outcome.err,
                outcome.logs,
                outcome.mentions,
                outcome.units,
                transaction,
                before,
                _held(outcome.changed),
            )
            part.landed.append(item)
            self.statuses[signature] = Status(part.slot, outcome.err)
        opened.landed.extend(part.landed)
        opened.changed.update(part.changed)
        return part

    def close_slot(self, new: Iterable[Transaction] = (), capacity: int = 0) -> Block:
        """Closes the slot under way; with a capacity, runs a last tick in it first."""
        if capacity or self._under_way is None:
            self.run(new, capacity)
        assert self._under_way is not None
        opened, self._under_way = self._under_way, None
        self.slot += 1
        waiting = sum(item.budget.limit for item in self.pending)
        block = Block(self.slot, opened.landed, opened.changed, (opened.used + waiting) / max(1, opened.capacity))
        self.transactions += len(block.landed)
        paid = [Paid(item.transaction.budget.price, item.transaction.writable) for item in block.landed]
        self.fees.add(self.slot, paid)
        self._keep(block)
        self.stands = self.slot
        return block

    def put_slot(self, changes: Iterable[tuple[bytes, Account]]) -> int:
        """Closes the slot under way with accounts that no transaction changed. Returns its number."""
        self.slot += 1
        self.accounts.update(changes)
        self.accounts[program.CLOCK] = self._clock(self.slot)
        self.fees.add(self.slot, [])
        self._keep(Block(self.slot, [], {}, 0.0))
        self.stands = self.slot
        return self.slot

    def drop_slot(self) -> int:
        """Lets the slot under way come to nothing: the next one goes on from its parent. Returns the dropped slot."""
        self.slot += 1
        return self.slot

    def submit(self, transaction: Transaction) -> bool:
        """Takes a transaction for the next slot. Returns False if it is known already or the queue is full."""
        signature = transaction.signatures[0]
        if signature in self.statuses or len(self.pending) >= MAX_PENDING:
            return False
        if any(item.signatures[0] == signature for item in self.pending):
            return False
        self.pending.append(transaction)
        return True

    def simulate(self, transaction: Transaction) -> Outcome:
        """Returns what a transaction would do now; nothing changes."""
        if transaction.signatures[0] in self.statuses:
            return Outcome("AlreadyProcessed", [], 0, {}, frozenset(), 0, self.accounts.get)
        if not self.is_recent(transaction.blockhash):
            return Outcome("BlockhashNotFound", [], 0, {}, frozenset(), 0, self.accounts.get)
        return self._execute(transaction, self.slot)

    def airdrop(self, target: bytes, lamports: int) -> bytes:
        """Sends lamports from the faucet. Returns the signature."""
        payer = bytes(self.faucet.pubkey())
        self._airdrops += 1
        budget = Budget(3_000 + self._airdrops, 0)
        moved = set_limit(budget.limit), transfer(payer, target, lamports)
        transaction = sign(self.faucet, payer, self.latest_blockhash()[0], moved, budget)
        self.submit(transaction)
        return transaction.signatures[0]

    def latest_blockhash(self) -> tuple[bytes, int]:
        """Returns the newest blockhash and the last block height at which it is valid."""
        return self._blockhash(self.stands), self.stands + BLOCKHASH_SLOTS

    def is_recent(self, blockhash: bytes) -> bool:
        """Returns whether a transaction with this blockhash may land in the next slot."""
        return blockhash in self._recent

    def owned_by(self, owner: bytes) -> list[bytes]:
        """Returns the accounts of a program, sorted by address."""
        return sorted(key for key, account in self.accounts.items() if account.owner == owner)

    def token_balance(self, key: bytes) -> tuple[int, int] | None:
        """Returns (atoms, decimals) of a token account."""
        account = self.accounts.get(key)
        if not isinstance(account, TokenBalance):
            return None
        return account.amount, self.accounts[account.mint].data[44]

    def lookup_table(self, key: bytes) -> list[bytes] | None:
        """Returns the keys of an address lookup table."""
        account = self.accounts.get(key)
        if account is None or account.owner != LOOKUP_PROGRAM:
            return None
        data = account.data[TABLE_META:]
        return [data[at : at + 32] for at in range(0, len(data), 32)]

    def record(self, block: Block) -> None:
        """Adds a block's transactions and post-states to the digest."""
        digest = self._digest
        digest.update(block.slot.to_bytes(8, "little"))
        for item in block.landed:
            digest.update(b"".join(item.transaction.signatures) + item.transaction.message + jsonrpc.encode(item.err))
        for key in sorted(block.changed):
            account = self.accounts[key]
            head = account.lamports.to_bytes(8, "little") + len(account.data).to_bytes(4, "little")
            digest.update(key + head + account.owner + account.data)

    @property
    def digest(self) -> str:
        """SHA-256 in hex of all that `record` was given."""
        return self._digest.hexdigest()

    def _execute(self, transaction: Transaction, slot: int) -> Outcome:
        now, epoch = self._ms_of(slot) // 1_000, (slot + 1) // SLOTS_PER_EPOCH
        return execute(transaction, self.accounts, self.pools, HANDLERS, slot=slot, now=now, epoch=epoch)

    def _choose(self, new: Iterable[Transaction], capacity: int, opened: _UnderWay) -> list[Transaction]:
        queue = [
            item for item in self.pending if item.signatures[0] not in self.statuses and self.is_recent(item.blockhash)
        ]
        queue += new
        queue.sort(key=lambda item: (-item.bid, item.signatures[0]))
        chosen, used = [], 0
        self.pending = []
        for item in queue:
            if used + item.budget.limit <= capacity:
                used += item.budget.limit
                chosen.append(item)
            elif len(self.pending) < MAX_PENDING:
                self.pending.append(item)
        opened.used += used
        opened.capacity += capacity
        return chosen

    def _named_by(self, transaction: Transaction) -> dict[bytes, Account]:
        keys = [transaction.payer, *(meta.key for item in transaction.instructions for meta in item.accounts)]
        return {key: account for key in keys if (account := self.accounts.get(key)) is not None}

    def _keep(self, block: Block) -> None:
        self.recent.append(block)
        self._kept.append([item.signature for item in block.landed])
        if len(self._kept) > KEPT_SLOTS:
            for signature in self._kept.popleft():
                del self.statuses[signature]
        self._recent[self._blockhash(self.slot)] = self.slot
        self._recent.pop(self._blockhash(self.slot - BLOCKHASH_SLOTS), None)

    def _blockhash(self, slot: int) -> bytes:
        return key32("cambist blockhash", self._seed, slot)

    def _ms_of(self, slot: int) -> int:
        """Returns the chain time of a slot in Unix milliseconds."""
        return self._genesis_ms + (slot - START_SLOT) * SLOT_MS

    def _clock(self, slot: int) -> Account:
        epoch = slot // SLOTS_PER_EPOCH
        start_ms = self._ms_of(epoch * SLOTS_PER_EPOCH)
        return clock_account(slot, epoch, start_ms // 1_000, self._ms_of(slot) // 1_000)


def _held(accounts: Mapping[bytes, Account]) -> dict[bytes, Balance]:
    return {key: each if isinstance(each, TokenBalance) else each.lamports for key, each in accounts.items()}
