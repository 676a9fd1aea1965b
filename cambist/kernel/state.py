"""What a session begins with and goes on from: the setup, and the body of a STATE record."""

from __future__ import annotations

import msgspec

from cambist.engine.protocol import EngineSetup
from cambist.execution import postings
from cambist.execution.paper_model import PaperParams
from cambist.execution.risk import Limits, RiskState
from cambist.kernel.desk import Closed
from cambist.kernel.earlier import completed
from cambist.kernel.ledger import LedgerState
from cambist.kernel.trades import Trade
from cambist.model.orders import Working
from cambist.model.valuation import Valuing
from cambist.strategies.base import StrategySetup

SCHEMA = 2
JSON_SCHEMA = 1
"""Of a body that is JSON, as all were; it is still read."""
MAGIC = b"CMBK"
RULES = 9
"""Of what decides: raised with each change after which the same records may lead to other decisions. 1 kept the
lightest cycles, 2 those that earn most; 3 knows exactly all that may pay, and little of what can't; 4 looks for a
size near the best estimate of each concave piece; 5 quotes for us what our own fills left and takes again what pays so,
posts each outcome to a ledger with the chain's fees in SOL, and lets no order out whose worst case a limit forbids; 6
walks books and bins for the bends that bound what they pay; 7 lets a transaction land in a slot, at the worst of its
states; 8 in a later one where that is none of the chain's, and takes back what landed in one that fell out of it; 9
learns the chance to land from gaps as well that nothing was sent for, and sends no order faster than venues answer."""


class KernelSetup(msgspec.Struct, frozen=True):
    """All that a session's decisions depend on besides its records."""

    engine: EngineSetup
    limits: Limits = Limits()
    paper: PaperParams = PaperParams()
    seed: int = 0
    wallet: dict[str, int] = {}
    """Paper wallet on chain at the start: mint → atoms."""
    inventory: dict[str, dict[str, int]] = {}
    """What paper has at exchanges at the start: exchange → mint → atoms."""
    market: str = ""
    demo: bool = False
    easy: bool = False
    """The embedded market's rivals leave more than real ones do: what is earned there flatters."""
    valuation: Valuing = Valuing()
    """How screens and reports add up amounts; no decision reads it."""
    rule: str = ""
    """What the operator's rule says a trade must be; empty for no rule."""
    watch_only: bool = False
    """No strategy takes anything: the market is recorded and that is all."""
    strategies: tuple[StrategySetup, ...] = ()
    """Those that run, in the order in which they are offered a go; none is the one that `rule` says."""

    @property
    def given(self) -> dict[str, int]:
        """What the config gives all wallets: a mint, for an exchange `exchange/mint`, → atoms."""
        at_exchanges = {
            f"{venue}/{mint}": atoms for venue, wallet in self.inventory.items() for mint, atoms in wallet.items()
        }
        return self.wallet | at_exchanges


class KernelState(msgspec.Struct):
    """The kernel's own part of `State`."""

    ledger: LedgerState
    risk: RiskState
    strategies: dict[str, dict[str, int]]
    open_orders: list[Working]
    """In order of (due_ns, id): the due wake-ups."""
    next_intent: int = 1
    next_order: int = 1
    closed: list[Closed] = []
    """Orders that ended lately."""
    trades: list[Trade] = []
    """Legged trades that are on."""
    stopped: dict[str, str] = {}
    """Strategy → the error that it raised; it does not run any more."""


class StateBody(msgspec.Struct, frozen=True):
    """Body of a STATE record: versioned and engine-neutral. Written as `MAGIC` and MessagePack."""

    schema: int
    setup: KernelSetup
    kernel: KernelState
    engine: bytes
    """`Engine.snapshot`; empty for a fresh engine."""
    rules: int = 1
    """`RULES` of the build that decided."""


def opened(setup: KernelSetup) -> LedgerState:
    """Returns the books of wallets that nothing was done with yet."""
    made = [*postings.opening(setup.wallet)]
    for venue, wallet in sorted(setup.inventory.items()):
        made += postings.opening(wallet, venue)
    return LedgerState(sorted(made, key=lambda posting: (posting.account, posting.venue, posting.token)))


def write_state(state: StateBody) -> bytes:
    """Returns the body of a STATE record. Equal states give equal bytes."""
    try:
        return MAGIC + msgspec.msgpack.encode(state)
    except OverflowError:  # a wallet may hold more atoms than 64 bits tell, and MessagePack has no larger integer
        return msgspec.json.encode(msgspec.structs.replace(state, schema=JSON_SCHEMA))


def read_state(body: bytes) -> StateBody:
    """Returns what a STATE record's body says. Raises `ValueError` if it is none of a known version."""
    binary = body.startswith(MAGIC)
    try:
        plain = msgspec.msgpack.decode(body[len(MAGIC) :]) if binary else msgspec.json.decode(body)
        state = msgspec.convert(completed(plain), StateBody)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        message = f"not a STATE record: {error}"
        raise ValueError(message) from error
    known = SCHEMA if binary else JSON_SCHEMA
    if state.schema != known:
        message = f"STATE record of schema {state.schema}, this version reads {known}"
        raise ValueError(message)
    return state
