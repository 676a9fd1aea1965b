"""Recorded pools of the market, and one wallet that swaps through them."""

from solders.pubkey import Pubkey

from cambist.engine.reference.chain import program
from cambist.simulator.accounts import Account, TokenBalance
from cambist.simulator.draw import key32 as made
from cambist.simulator.execution import Outcome, execute
from cambist.simulator.pool import Pool, PoolSpec
from cambist.simulator.tokens import TokenSpec
from cambist.simulator.transactions import Budget, Instruction, Transaction
from cambist.simulator.venues import HANDLERS

USER = bytes([7]) * 32
WALLETS = bytes([8]) * 32, bytes([9]) * 32
PLENTY = 4 * 10**18


def key32(text: str) -> bytes:
    return bytes(Pubkey.from_string(text))


def code(outcome: Outcome) -> int | None:
    return outcome.err["InstructionError"][1]["Custom"] if outcome.err else None


def opened(venue: str, balances: tuple[tuple[int, int], tuple[int, int]]) -> tuple[PoolSpec, dict[bytes, Account]]:
    """Returns a pool, without its own account, and the balances of (vaults, user)."""
    tokens = [TokenSpec(name, made(name), 6, program.TOKEN, real=False) for name in "AB"]
    address, vaults = key32("25ZBuUGL6tECF53ADz6r9T6mXxSpsRG8mnKNcyf5z3wm"), (made("vault a"), made("vault b"))
    spec = PoolSpec(venue, *tokens, 0.0, 2_500, 0, 0, address, *vaults)
    accounts: dict[bytes, Account] = {USER: Account(bytes(32), b"", 10**12)}
    for keys, holder, amounts in ((vaults, address, balances[0]), (WALLETS, USER, balances[1])):
        for key, token, amount in zip(keys, tokens, amounts, strict=True):
            accounts[key] = TokenBalance.new(program.TOKEN, token.mint, holder, amount, native=False, withheld=False)
    return spec, accounts


def run(pool: Pool, accounts: dict[bytes, Account], instruction: Instruction, clock: dict) -> Outcome:
    budget = Budget(1_400_000, 0)
    transaction = Transaction((bytes(64),), b"", USER, bytes(32), (instruction,), budget, frozenset(), verified=True)
    time = {"slot": clock["slot"], "now": clock["unix_timestamp"], "epoch": clock["epoch"]}
    return execute(transaction, accounts, {pool.spec.address: pool}, HANDLERS, **time)
