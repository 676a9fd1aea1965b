"""What a node's JSON says of a transaction. Sample payloads stand beside each reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain.tx_parser.message import (
    Instruction,
    Loaded,
    byte,
    decimal,
    instruction,
    message,
    resolved,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.reference.exchanges.frame import Field

MAX_CALLS = 4096
"""Most calls of a transaction: 64 times what the runtime allows."""


class Entry(NamedTuple):
    """An object with `transaction` and `meta`, and what stands around it."""

    field: Field
    slot: int | None
    signature: bytes | None


class Balance(NamedTuple):
    """A token account before and after."""

    mint: bytes
    before: int
    after: int


class Balances(NamedTuple):
    """Token accounts that the transaction names, and decimals of their mints."""

    accounts: dict[bytes, Balance]
    decimals: dict[bytes, int]


class Raw(NamedTuple):
    """A transaction as the node gives it."""

    signature: bytes | None
    slot: int | None
    signer: bytes | None
    fee: int
    compute_units: int | None
    error: str | None
    top: list[Instruction]
    inner: list[list[Instruction]]
    """Of each instruction those that it asked for; empty too where the node doesn't say."""
    logs: list[str] | None
    balances: Balances


def entries(root: Field) -> list[Entry]:
    """Finds the transactions.

    `{"result":{"slot":5,"transaction":…,"meta":…}}`;
    `{"params":{"result":{"value":{"slot":5,"block":{"transactions":[…]}}}}}`;
    `{"params":{"result":{"signature":"…","slot":5,"transaction":{"transaction":…,"meta":…}}}}`; or what stands in them.
    """
    error, params, result = root.fields("error", "params", "result")
    if error.optional is not None:
        raise error.wrong()
    body = params.get("result") if not params.absent else root if result.absent else result
    value, transactions, transaction, slot, signature = body.fields(
        "value", "transactions", "transaction", "slot", "signature"
    )
    if value.optional is not None:
        slot, block = value.fields("slot", "block")
        known = _u64(slot)
        if block.optional is None:
            return []
        return [Entry(each, known, None) for each in block.get("transactions").items()]
    if not transactions.absent:
        return [Entry(each, None, None) for each in transactions.items()]
    known = _u64(slot)
    if type(transaction.raw) is dict and not transaction.get("meta").absent:
        return [Entry(transaction, known, None if signature.optional is None else signature.signature())]
    return [Entry(body, known, None)]


def read_transaction(entry: Entry) -> Raw:
    """Reads `{"transaction":…,"meta":{"err":null,"fee":5000,"logMessages":[…],"innerInstructions":[…],…}}`."""
    transaction, meta = entry.field.fields("transaction", "meta")
    loaded, inner, before, after, logs, err, fee, units = meta.fields(
        "loadedAddresses",
        "innerInstructions",
        "preTokenBalances",
        "postTokenBalances",
        "logMessages",
        "err",
        "fee",
        "computeUnitsConsumed",
    )
    sent = message(transaction, loaded_keys(loaded))
    if len(sent.instructions) > MAX_CALLS:
        raise transaction.wrong()
    keys = sent.keys
    asked = _inner(inner, len(sent.instructions), keys)
    balances = _balances(before, after, keys)
    lines = None if logs.optional is None else [line.text() for line in logs.items()]
    return Raw(
        signature=entry.signature if entry.signature is not None else sent.signature,
        slot=entry.slot,
        signer=keys[0] if keys else None,
        error=None if err.optional is None else _error(err),
        fee=fee.u64(),
        compute_units=_u64(units),
        top=sent.instructions,
        inner=asked,
        logs=lines,
        balances=balances,
    )


def _u64(field: Field) -> int | None:
    return None if field.optional is None else field.u64()


def loaded_keys(loaded: Field) -> Loaded | None:
    """Reads `{"writable":["…"],"readonly":["…"]}`."""
    if loaded.optional is None:
        return None
    writable, readonly = loaded.fields("writable", "readonly")
    return [key.pubkey() for key in writable.items()], [key.pubkey() for key in readonly.items()]


def _inner(given: Field, count: int, keys: Sequence[bytes]) -> list[list[Instruction]]:
    """Reads `[{"index":1,"instructions":[…]}]`."""
    inner: list[list[Instruction]] = [[] for _ in range(count)]
    if given.optional is None:
        return inner
    calls = count
    for of_one in given.items():
        index, instructions = of_one.fields("index", "instructions")
        if index.u64() >= count:
            raise index.wrong()
        for each in instructions.items():
            calls += 1
            if calls > MAX_CALLS:
                raise instructions.wrong()
            inner[index.u64()].append(instruction(each, keys))
    return inner


def _balances(before: Field, after: Field, keys: Sequence[bytes]) -> Balances:
    """Reads `[{"accountIndex":2,"mint":"…","uiTokenAmount":{"amount":"78873","decimals":6}}]`, before and after."""
    found = Balances({}, {})
    for side in (before, after):
        for each in [] if side.optional is None else side.items():
            index, mint_field, amount_field = each.fields("accountIndex", "mint", "uiTokenAmount")
            account, mint = resolved(index, keys), mint_field.pubkey()
            digits, places = amount_field.fields("amount", "decimals")
            amount = decimal(digits)
            found.decimals.setdefault(mint, byte(places))
            known = found.accounts.get(account)
            if known is None or known.mint != mint:
                known = Balance(mint, 0, 0)  # or closed and opened again for another mint
            changed = known._replace(after=amount) if side is after else known._replace(before=amount)
            found.accounts[account] = changed
    return found


def _error(err: Field) -> str:
    """Reads why a transaction failed.

    `{"InstructionError":[2,{"Custom":6001}]}`, `{"InsufficientFundsForRent":{"account_index":2}}`, `"AccountInUse"`.
    """
    if type(err.raw) is not dict:
        return err.text()
    of_instruction, rent, duplicate, restricted = err.fields(
        "InstructionError", "InsufficientFundsForRent", "DuplicateInstruction", "ProgramExecutionTemporarilyRestricted"
    )
    for indexed in (rent, restricted):
        if not indexed.absent:
            return f"{indexed.name} {indexed.get('account_index').u64()}"
    if not duplicate.absent:
        return f"{duplicate.name} {duplicate.u64()}"
    if of_instruction.absent:
        raise err.wrong()
    pair = of_instruction.items()
    if len(pair) < 2:
        raise of_instruction.wrong()
    index = pair[0].u64()
    if type(pair[1].raw) is not dict:
        return f"InstructionError {index}: {pair[1].text()}"
    custom, borsh = pair[1].fields("Custom", "BorshIoError")
    return f"InstructionError {index}: " + (f"Custom {custom.u64()}" if borsh.absent else "BorshIoError")
