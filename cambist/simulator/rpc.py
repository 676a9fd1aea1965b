"""HTTP JSON-RPC of the node.

The chain has one validator and forks only when a script drops a slot under way, so a closed slot is never rolled back:
reads answer from the newest closed slot at every commitment; only slots, statuses and notifications tell processed,
confirmed and finalized apart.

One file, for it is one table of methods and the few lines that each of them takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cambist.simulator import jsonrpc
from cambist.simulator.encoding import (
    DELAY_SLOTS,
    account_json,
    commitment_of,
    key_bytes,
    key_text,
    kind,
    natural,
    options_of,
    signature_bytes,
    signature_text,
    view_of,
)
from cambist.simulator.faults import Faults
from cambist.simulator.filters import filters_of
from cambist.simulator.history import transaction_of
from cambist.simulator.http import HttpServer, Request, Response
from cambist.simulator.jsonrpc import Raw, RpcError, invalid
from cambist.simulator.pubsub import first
from cambist.simulator.tokens import tokens
from cambist.simulator.transactions import BudgetError, Transaction, WireError, decode_text, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.simulator.chain import Block, Chain
    from cambist.simulator.execution import Outcome

MAX_BODY = 50 * 1024
VERSION = "4.2.2"
API_VERSION = f'"apiVersion":"{VERSION}"'


class Rpc:
    """The node's HTTP side."""

    def __init__(self, chain: Chain, faults: Faults | None = None) -> None:
        self._chain, self._faults = chain, faults or Faults()
        self.server = HttpServer(self._post, MAX_BODY)
        self._methods: dict[str, Callable[[list[Any]], object]] = {
            "getAccountInfo": self._account_info,
            "getBalance": self._balance,
            "getBlock": self._block,
            "getBlockHeight": lambda params: self._slot_at(options_of(params, 0)),
            "getEpochInfo": self._epoch_info,
            "getFeeForMessage": self._fee_for_message,
            "getGenesisHash": lambda _: key_text(self._chain.genesis_hash),
            "getHealth": lambda _: "ok",
            "getIdentity": lambda _: {"identity": key_text(self._chain.identity)},
            "getLatestBlockhash": self._latest_blockhash,
            "getMinimumBalanceForRentExemption": self._rent,
            "getMultipleAccounts": self._multiple_accounts,
            "getProgramAccounts": self._program_accounts,
            "getPriorityFeeEstimate": self._fee_estimate,
            "getRecentPrioritizationFees": self._priority_fees,
            "getSignatureStatuses": self._signature_statuses,
            "getSlot": lambda params: self._slot_at(options_of(params, 0)),
            "getTokenAccountBalance": self._token_balance,
            "getTransaction": self._transaction,
            "getVersion": lambda _: {"solana-core": VERSION, "feature-set": 0},
            "isBlockhashValid": self._blockhash_valid,
            "qn_estimatePriorityFees": self._fee_percentiles,
            "requestAirdrop": self._airdrop,
            "sendTransaction": self._send,
            "simulateTransaction": self._simulate,
        }

    async def start(self, host: str, port: int) -> int:
        """Returns the port it listens on. Raises `OSError` if it is taken."""
        return await self.server.start(host, port)

    async def close(self) -> None:
        """Stops listening."""
        await self.server.close()

    def call(self, method: str, params: list[Any]) -> object:
        """Returns a method's result. Raises `RpcError`."""
        found = self._methods.get(method)
        if found is None:
            raise RpcError(jsonrpc.METHOD_NOT_FOUND, "Method not found")
        return found(params)

    def _post(self, request: Request) -> Response:
        if request.method == "GET" and request.path == "/health":
            return Response(200, b"ok", "text/plain")
        if request.method != "POST":
            return Response(405, b"Used HTTP Method is not allowed. POST or OPTIONS is required\n", "text/plain")
        if not request.headers.get("content-type", "").lower().startswith("application/json"):
            reason = b"Supplied content type is not allowed. Content-Type: application/json is required\n"
            return Response(415, reason, "text/plain")
        return Response(200, jsonrpc.answer(request.body, self.call))

    def _context(self, value: object) -> Raw:
        text = value.text if isinstance(value, Raw) else jsonrpc.encode(value)
        return Raw(b'{"context":{%s,"slot":%d},"value":%s}' % (API_VERSION.encode(), self._chain.newest, text))

    def _check(self, options: dict[str, Any]) -> None:
        """Checks what every read takes: commitment and minContextSlot."""
        commitment_of(options)
        if self._faults.lag_slots:
            behind = self._faults.lag_slots
            raise RpcError(-32005, f"Node is behind by {behind} slots", {"numSlotsBehind": behind})
        wanted = options.get("minContextSlot")
        if wanted is None:
            return
        if not natural(wanted):
            msg = f"Invalid params: invalid type: {kind(wanted)}, expected u64."
            raise invalid(msg)
        if wanted > self._chain.newest:
            reached = {"contextSlot": self._chain.newest}
            raise RpcError(jsonrpc.SLOT_NOT_REACHED, "Minimum context slot has not been reached", reached)

    def _slot_at(self, options: dict[str, Any]) -> int:
        self._check(options)
        return max(0, self._chain.slot - DELAY_SLOTS[commitment_of(options)])

    # Accounts

    def _account_info(self, params: list[Any]) -> Raw:
        options = options_of(params, 1)
        self._check(options)
        account = self._chain.accounts.get(key_bytes(first(params)))
        default = "base64" if "encoding" in options else "binary"
        return self._context(Raw(b"null" if account is None else account_json(account, view_of(options, default))))

    def _multiple_accounts(self, params: list[Any]) -> Raw:
        keys, options = first(params), options_of(params, 1)
        if not isinstance(keys, list):
            msg = f"Invalid params: invalid type: {kind(keys)}, expected a sequence."
            raise invalid(msg)
        if len(keys) > 100:
            msg = "Too many inputs provided; max 100"
            raise invalid(msg)
        self._check(options)
        view, accounts = view_of(options), self._chain.accounts
        names = [key_bytes(key) for key in keys]
        found = [self._faults.as_reported(name, accounts[name]) if name in accounts else None for name in names]
        return self._context(
            Raw(b"[%s]" % b",".join([b"null" if item is None else account_json(item, view) for item in found]))
        )

    def _program_accounts(self, params: list[Any]) -> Raw:
        program, options = key_bytes(first(params)), options_of(params, 1)
        self._check(options)
        view, filters = view_of(options), filters_of(options.get("filters"))
        accounts = self._chain.accounts
        rows = [
            b'{"pubkey":"%s","account":%s}' % (key_text(key).encode(), account_json(accounts[key], view))
            for key in self._chain.owned_by(program)
            if filters.match(accounts[key])
        ]
        body = Raw(b"[%s]" % b",".join(rows))
        return self._context(body) if options.get("withContext") is True else body

    def _balance(self, params: list[Any]) -> Raw:
        self._check(options_of(params, 1))
        account = self._chain.accounts.get(key_bytes(first(params)))
        return self._context(0 if account is None else account.lamports)

    def _token_balance(self, params: list[Any]) -> Raw:
        self._check(options_of(params, 1))
        found = self._chain.token_balance(key_bytes(first(params)))
        if found is None:
            msg = "Invalid param: could not find account"
            raise invalid(msg)
        amount, decimals = found
        text = str(amount).rjust(decimals + 1, "0")
        plain = (text[:-decimals] + "." + text[-decimals:]).rstrip("0").rstrip(".") if decimals else text
        return self._context(
            {"amount": str(amount), "decimals": decimals, "uiAmount": amount / 10**decimals, "uiAmountString": plain}
        )

    def _rent(self, params: list[Any]) -> int:
        size = first(params)
        if not natural(size):
            msg = f"Invalid params: invalid type: {kind(size)}, expected usize."
            raise invalid(msg)
        return (128 + int(size)) * 6_960

    # Slots, blockhashes, fees

    def _epoch_info(self, params: list[Any]) -> dict[str, int]:
        slot = self._slot_at(options_of(params, 0))
        epoch, index = divmod(slot, self._chain.slots_per_epoch)
        return {
            "absoluteSlot": slot,
            "blockHeight": slot,
            "epoch": epoch,
            "slotIndex": index,
            "slotsInEpoch": self._chain.slots_per_epoch,
            "transactionCount": self._chain.transactions,
        }

    def _latest_blockhash(self, params: list[Any]) -> Raw:
        self._check(options_of(params, 0))
        blockhash, last_valid = self._chain.latest_blockhash()
        return self._context({"blockhash": key_text(blockhash), "lastValidBlockHeight": last_valid})

    def _blockhash_valid(self, params: list[Any]) -> Raw:
        self._check(options_of(params, 1))
        return self._context(self._chain.is_recent(key_bytes(first(params))))

    def _fee_for_message(self, params: list[Any]) -> Raw:
        text = first(params)
        if not isinstance(text, str):
            msg = f"Invalid params: invalid type: {kind(text)}, expected a string."
            raise invalid(msg)
        try:
            message = decode_text(text, "base64")
            signers = message[1] if message[:1] >= b"\x80" else message[0] if message else 0
            transaction = parse(bytes((signers,)) + bytes(64 * signers) + message, self._chain.lookup_table)
        except (WireError, BudgetError) as error:
            raise invalid(str(error)) from None
        return self._context(transaction.fee if self._chain.is_recent(transaction.blockhash) else None)

    def _priority_fees(self, params: list[Any]) -> list[dict[str, int]]:
        lists = [item for item in params if isinstance(item, list)]
        options = next((item for item in params if isinstance(item, dict)), {})
        if len(params) > 2 or len(lists) + bool(options) < sum(item is not None for item in params):
            msg = "Invalid params: expected [[keys], {percentile}]."
            raise invalid(msg)
        keys = lists[0] if lists else []
        if len(keys) > 128:
            msg = "Too many inputs provided; max 128"
            raise invalid(msg)
        percentile = options.get("percentile")
        if percentile is not None and not (natural(percentile) and 1 <= percentile <= 10_000):
            msg = f"Invalid params: percentile was {percentile}, a value from 1 to 10000 is taken."
            raise invalid(msg)
        accounts = [key_bytes(key) for key in keys]
        return [{"slot": slot, "prioritizationFee": fee} for slot, fee in self._chain.fees.rows(accounts, percentile)]

    def _fee_estimate(self, params: list[Any]) -> dict[str, object]:
        """A provider's levels: `[{accountKeys, options: {includeAllPriorityFeeLevels, lookbackSlots}}]`."""
        asked = first(params)
        if not isinstance(asked, dict):
            msg = f"Invalid params: invalid type: {kind(asked)}, expected an object."
            raise invalid(msg)
        options = asked.get("options") or {}
        keys, slots = asked.get("accountKeys") or [], options.get("lookbackSlots", 150)
        if not isinstance(keys, list) or not (natural(slots) and 1 <= slots <= 150):
            msg = "Invalid params: expected accountKeys, and lookbackSlots from 1 to 150."
            raise invalid(msg)
        percentiles = (0, 2_500, 5_000, 7_500, 9_500, 10_000)
        levels = self._chain.fees.levels([key_bytes(key) for key in keys], slots, percentiles)
        names = ("min", "low", "medium", "high", "veryHigh", "unsafeMax")
        if options.get("includeAllPriorityFeeLevels"):
            return {"priorityFeeLevels": {name: float(price) for name, price in zip(names, levels, strict=True)}}
        return {"priorityFeeEstimate": float(levels[2])}

    def _fee_percentiles(self, params: list[Any]) -> dict[str, object]:
        """A provider's percentiles: `{last_n_blocks, account, api_version}`, by name or as the first of a list."""
        asked = first(params) if params else {}
        if not isinstance(asked, dict):
            msg = f"Invalid params: invalid type: {kind(asked)}, expected an object."
            raise invalid(msg)
        blocks, account = asked.get("last_n_blocks", 100), asked.get("account")
        if not (natural(blocks) and 1 <= blocks <= 100):
            msg = f"Invalid params: last_n_blocks was {blocks}, a value from 1 to 100 is taken."
            raise invalid(msg)
        keys = [] if account is None else [key_bytes(account)]
        steps = tuple(range(0, 101, 5))
        prices = self._chain.fees.levels(keys, blocks, tuple(100 * step for step in steps))
        named = {str(step): price for step, price in zip(steps, prices, strict=True)}
        unit = {"extreme": named["90"], "high": named["75"], "medium": named["50"], "low": named["25"]}
        per_unit = {**unit, "percentiles": named}
        return {
            "context": {"slot": self._chain.fees.newest_slot},
            "per_compute_unit": per_unit,
            "recommended": named["75"],
        }

    # Transactions

    def _signature_statuses(self, params: list[Any]) -> Raw:
        signatures = first(params)
        if not isinstance(signatures, list):
            msg = f"Invalid params: invalid type: {kind(signatures)}, expected a sequence."
            raise invalid(msg)
        if len(signatures) > 256:
            msg = "Too many inputs provided; max 256"
            raise invalid(msg)
        return self._context([self._status(signature_bytes(text)) for text in signatures])

    def _status(self, signature: bytes) -> dict[str, object] | None:
        landed = self._chain.statuses.get(signature)
        if landed is None:
            return None
        age = self._chain.slot - landed.slot
        names = [
            name
            for name, delay in zip(("processed", "confirmed", "finalized"), DELAY_SLOTS, strict=True)
            if age >= delay
        ]
        return {
            "slot": landed.slot,
            "confirmations": None if names[-1] == "finalized" else age,
            "err": landed.err,
            "status": {"Ok": None} if landed.err is None else {"Err": landed.err},
            "confirmationStatus": names[-1],
        }

    # What landed

    def _transaction(self, params: list[Any]) -> dict[str, Any] | None:
        options = _told(options_of(params, 1))
        signature = signature_bytes(first(params))
        for block in self._settled(options):
            for landed in block.landed:
                if landed.signature == signature:
                    decimals = self._decimals()
                    return {"slot": block.slot, "blockTime": None, **transaction_of(landed, decimals)}
        return None

    def _block(self, params: list[Any]) -> dict[str, Any]:
        options, slot = _told(options_of(params, 1)), first(params)
        if not natural(slot):
            msg = f"Invalid params: invalid type: {kind(slot)}, expected u64."
            raise invalid(msg)
        for block in self._settled(options):
            if block.slot == slot:
                decimals = self._decimals()
                told = [transaction_of(landed, decimals) for landed in block.landed]
                return {"blockHeight": slot, "blockTime": None, "parentSlot": slot - 1, "transactions": told}
        raise RpcError(-32007, f"Slot {slot} was skipped, or missing due to ledger jump to recent snapshot")

    def _settled(self, options: dict[str, Any]) -> list[Block]:
        """Returns the blocks that can be told at a commitment; a node tells none that is only processed."""
        delay = DELAY_SLOTS[commitment_of(options)]
        if not delay:
            msg = "Method does not support commitment below `confirmed`"
            raise invalid(msg)
        return [block for block in self._chain.recent if block.slot <= self._chain.stands - delay]

    def _decimals(self) -> dict[bytes, int]:
        return {token.mint: token.decimals for token in tokens().values()}

    def _read(self, params: list[Any], options: dict[str, Any]) -> Transaction:
        text = first(params)
        if not isinstance(text, str):
            msg = f"Invalid params: invalid type: {kind(text)}, expected a string."
            raise invalid(msg)
        try:
            return parse(decode_text(text, options.get("encoding") or "base58"), self._chain.lookup_table)
        except WireError as error:
            raise RpcError(error.code, str(error)) from None

    def _send(self, params: list[Any]) -> str:
        options = options_of(params, 1)
        self._check({"minContextSlot": options.get("minContextSlot"), "commitment": options.get("preflightCommitment")})
        try:
            transaction = self._read(params, options)
        except BudgetError as error:
            raise _preflight(error.err, None) from None
        if options.get("skipPreflight") is not True:
            if not transaction.verified:
                raise RpcError(jsonrpc.SIGNATURE_FAILURE, "Transaction signature verification failure")
            outcome = self._chain.simulate(transaction)
            if outcome.err is not None:
                raise _preflight(outcome.err, outcome)
        if transaction.verified:
            self._chain.submit(transaction)
        return signature_text(transaction.signatures[0])

    def _simulate(self, params: list[Any]) -> Raw:
        options = options_of(params, 1)
        self._check(options)
        replace, verify = options.get("replaceRecentBlockhash") is True, options.get("sigVerify") is True
        if replace and verify:
            msg = "sigVerify may not be used with replaceRecentBlockhash"
            raise invalid(msg)
        try:
            transaction = self._read(params, options)
        except BudgetError as error:
            return self._context(_simulated(error.err, None))
        if verify and not transaction.verified:
            raise RpcError(jsonrpc.SIGNATURE_FAILURE, "Transaction signature verification failure")
        blockhash, last_valid = self._chain.latest_blockhash()
        if replace:
            transaction = transaction._replace(blockhash=blockhash)
        wanted, view = self._wanted_accounts(options)
        outcome = self._chain.simulate(transaction)
        value = _simulated(outcome.err, outcome)
        value["fee"] = transaction.fee
        if replace:
            value["replacementBlockhash"] = {"blockhash": key_text(blockhash), "lastValidBlockHeight": last_valid}
        if wanted is not None:
            rows = [outcome.account(key) for key in wanted]
            value["accounts"] = [None if row is None else jsonrpc.raw_json(account_json(row, view)) for row in rows]
        return self._context(value)

    def _wanted_accounts(self, options: dict[str, Any]) -> tuple[list[bytes] | None, Any]:
        wanted = options.get("accounts")
        if wanted is None:
            return None, None
        if not isinstance(wanted, dict) or not isinstance(wanted.get("addresses"), list):
            msg = "Invalid params: accounts needs {encoding, addresses}."
            raise invalid(msg)
        view = view_of({"encoding": wanted.get("encoding")})
        if view.encoding in ("base58", "binary"):
            msg = "base58 encoding not supported"
            raise invalid(msg)
        return [key_bytes(key) for key in wanted["addresses"]], view

    def _airdrop(self, params: list[Any]) -> str:
        lamports = params[1] if len(params) > 1 else None
        if not natural(lamports) or not 0 < lamports <= 1_000 * 10**9:  # type: ignore[operator]
            msg = f"Invalid params: airdrop of {lamports} lamports, at most 1000 SOL are given."
            raise invalid(msg)
        return signature_text(self._chain.airdrop(key_bytes(first(params)), int(lamports or 0)))


def _told(options: dict[str, Any]) -> dict[str, Any]:
    """Returns the options of a read of transactions. Raises `RpcError` for an encoding that is not told."""
    if options.get("encoding", "json") != "base64":
        msg = "this node tells transactions in base64 alone: ask for encoding base64"
        raise invalid(msg)
    return options


def _simulated(err: object, outcome: Outcome | None) -> dict[str, Any]:
    return {
        "err": err,
        "logs": outcome.logs if outcome is not None else [],
        "accounts": None,
        "unitsConsumed": outcome.units if outcome is not None else 0,
        "loadedAccountsDataSize": outcome.loaded if outcome is not None else 0,
        "returnData": None,
        "innerInstructions": None,
        "replacementBlockhash": None,
    }


def _preflight(err: object, outcome: Outcome | None) -> RpcError:
    return RpcError(
        jsonrpc.PREFLIGHT_FAILURE, f"Transaction simulation failed: {describe(err)}", _simulated(err, outcome)
    )


def describe(err: object) -> str:
    """Returns a TransactionError in the words of the runtime."""
    if isinstance(err, dict) and "InstructionError" in err:
        index, what = err["InstructionError"]
        text = f"custom program error: {what['Custom']:#x}" if isinstance(what, dict) else str(what)
        return f"Error processing Instruction {index}: {text}"
    known = {
        "BlockhashNotFound": "Blockhash not found",
        "AccountNotFound": "Attempt to debit an account but found no record of a prior credit.",
        "AlreadyProcessed": "This transaction has already been processed",
        "InsufficientFundsForFee": "Insufficient funds for fee",
    }
    return known.get(str(err), str(err))
