"""Runs transactions, all or nothing: fee, instructions on a private view, logs in the runtime's grammar."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.simulator.accounts import Account, TokenBalance
from cambist.simulator.encoding import key_text
from cambist.simulator.transactions import BUILTINS, Instruction, Meta, Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cambist.simulator.pool import Pool

MAX_LOG_BYTES = 10_000
Error = object
"""A TransactionError as JSON has it: a string, or {"InstructionError": [index, what]}."""


class ProgramError(Exception):
    """A program that refuses. `what` is the InstructionError's second part: a name or {"Custom": code}."""

    def __init__(self, what: str | dict[str, int], *, log: str | None = None) -> None:
        super().__init__(str(what))
        self.what, self.log = what, log

    @property
    def reason(self) -> str:
        """The words after `failed: ` in the log."""
        if isinstance(self.what, dict):
            return f"custom program error: {self.what['Custom']:#x}"
        return REASONS.get(self.what, self.what)


REASONS = {
    "InvalidInstructionData": "invalid instruction data",
    "InvalidAccountData": "invalid account data for instruction",
    "InvalidArgument": "invalid program argument",
    "NotEnoughAccountKeys": "insufficient account keys for instruction",
    "MissingRequiredSignature": "missing required signature for instruction",
    "IncorrectProgramId": "incorrect program id for instruction",
    "IllegalOwner": "Provided owner is not allowed",
    "InvalidAccountOwner": "Invalid account owner",
    "ComputationalBudgetExceeded": "exceeded CUs meter at BPF instruction",
    "ProgramFailedToComplete": "Program failed to complete",
    "UnsupportedProgramId": "Unsupported program id",
}


def custom(code: int, log: str | None = None) -> ProgramError:
    """Returns a custom program error."""
    return ProgramError({"Custom": code}, log=log)


class Outcome(NamedTuple):
    """What running a transaction did."""

    err: Error | None
    logs: list[str]
    units: int
    """Compute units consumed."""
    changed: dict[bytes, Account]
    """Accounts after it, the fee payer's among them even if it failed."""
    mentions: frozenset[bytes]
    """Every account it names."""
    loaded: int
    """Bytes of the accounts it loaded."""
    find: Callable[[bytes], Account | None]
    events: tuple[bytes, ...] = ()
    """Data of the instructions that programs sent to themselves to tell of a swap; logs don't show it."""

    def account(self, key: bytes) -> Account | None:
        """Returns an account as it is after the transaction."""
        return self.changed.get(key) or self.find(key)


class Context:
    """One transaction under way."""

    def __init__(
        self,
        transaction: Transaction,
        accounts: Mapping[bytes, Account],
        pools: Mapping[bytes, Pool],
        slot: int,
        now: int,
        epoch: int,
    ) -> None:
        self.transaction, self.pools = transaction, pools
        self.slot, self.now, self.epoch = slot, now, epoch
        self._accounts = accounts
        self.pending: dict[bytes, Account] = {}
        self.logs: list[str] = []
        self.events: list[bytes] = []
        self._log_room = MAX_LOG_BYTES
        self.left = transaction.budget.limit
        self._depth = 0

    def get(self, key: bytes) -> Account | None:
        """Returns an account as this transaction sees it."""
        found = self.pending.get(key)
        return self._accounts.get(key) if found is None else found

    def put(self, key: bytes, account: Account) -> None:
        """Replaces an account in this transaction's view."""
        self.pending[key] = account

    def log(self, line: str) -> None:
        """Appends a line of log, up to the runtime's limit."""
        if self._log_room < 0:
            return
        self._log_room -= len(line)
        self.logs.append(line if self._log_room >= 0 else "Log truncated")

    def consume(self, units: int) -> None:
        """Takes compute units. Raises `ProgramError` when there are too few."""
        if units > self.left:
            self.left = 0
            msg = "ComputationalBudgetExceeded"
            raise ProgramError(msg)
        self.left -= units

    def invoke(self, program: bytes, run: Callable[[], None], *, silent: bool = False) -> None:
        """Runs a program between its invoke and success lines; `silent` builtins don't say what they used."""
        name, before = key_text(program), self.left
        self._depth += 1
        self.log(f"Program {name} invoke [{self._depth}]")
        try:
            run()
        except ProgramError as error:
            if error.log is not None:
                self.log(f"Program log: {error.log}")
                error.log = None
            if not silent:
                self.log(f"Program {name} consumed {before - self.left} of {before} compute units")
            self.log(f"Program {name} failed: {error.reason}")
            raise
        finally:
            self._depth -= 1
        if not silent:
            self.log(f"Program {name} consumed {before - self.left} of {before} compute units")
        self.log(f"Program {name} success")

    def token(self, key: bytes) -> TokenBalance:
        """Returns a token account. Raises `ProgramError` if it is none."""
        account = self.get(key)
        if not isinstance(account, TokenBalance):
            msg = "InvalidAccountData"
            raise ProgramError(msg)
        return account


def execute(
    transaction: Transaction,
    accounts: Mapping[bytes, Account],
    pools: Mapping[bytes, Pool],
    handlers: Mapping[bytes, Callable[[Context, Instruction], None]],
    *,
    slot: int,
    now: int,
    epoch: int,
) -> Outcome:
    """Returns the outcome of a transaction whose blockhash and signatures are in order."""
    mentions = frozenset(meta.key for item in transaction.instructions for meta in item.accounts) | {transaction.payer}
    mentions |= {item.program for item in transaction.instructions}
    context = Context(transaction, accounts, pools, slot, now, epoch)
    payer = accounts.get(transaction.payer)
    loaded = sum(account.space for key in mentions if (account := accounts.get(key)) is not None)
    if payer is None:
        return Outcome("AccountNotFound", [], 0, {}, mentions, loaded, accounts.get)
    if payer.owner != bytes(32):
        return Outcome("InvalidAccountForFee", [], 0, {}, mentions, loaded, accounts.get)
    if payer.lamports < transaction.fee:
        return Outcome("InsufficientFundsForFee", [], 0, {}, mentions, loaded, accounts.get)
    charged = payer.funded(payer.lamports - transaction.fee)
    context.put(transaction.payer, charged)
    err: Error | None = None
    for index, instruction in enumerate(transaction.instructions):
        try:
            _run(context, instruction, handlers)
        except ProgramError as error:
            err = {"InstructionError": [index, error.what]}
            break
    changed = context.pending if err is None else {transaction.payer: charged}
    units = transaction.budget.limit - context.left
    return Outcome(err, context.logs, units, changed, mentions, loaded, accounts.get, tuple(context.events))


def _run(
    context: Context, instruction: Instruction, handlers: Mapping[bytes, Callable[[Context, Instruction], None]]
) -> None:
    handler = handlers.get(instruction.program)
    if handler is None:
        msg = "UnsupportedProgramId"
        raise ProgramError(msg)
    builtin = instruction.program in BUILTINS
    if builtin:
        context.consume(150)
    context.invoke(instruction.program, lambda: handler(context, instruction), silent=builtin)


def need(instruction: Instruction, count: int) -> tuple[Meta, ...]:
    """Returns the accounts if there are enough. Raises `ProgramError`."""
    if len(instruction.accounts) < count:
        msg = "NotEnoughAccountKeys"
        raise ProgramError(msg)
    return instruction.accounts
