"""Solana JSON-RPC over WebSocket and HTTP. Sample payloads stand beside each reader."""

from __future__ import annotations

from typing import NamedTuple

from cambist.engine.reference.chain.tx_parser.receipt import receipt
from cambist.engine.reference.exchanges.event import (
    Account,
    AccountMissing,
    AccountUndated,
    Blockhash,
    Commitment,
    CurrentSlot,
    DecodeError,
    Direction,
    EncodingError,
    Error,
    Event,
    FeeEstimate,
    FeeSamples,
    FieldError,
    Ignored,
    Logs,
    SignatureReceived,
    SignatureStatus,
    Slot,
    Subscribed,
    TransactionStatus,
)
from cambist.engine.reference.exchanges.frame import ABSENT, Field, document
from cambist.engine.reference.exchanges.session import Method, Pending, SolanaSession

_SUBSCRIBE = frozenset(
    {
        Method.ACCOUNT_SUBSCRIBE,
        Method.PROGRAM_SUBSCRIBE,
        Method.LOGS_SUBSCRIBE,
        Method.SLOT_SUBSCRIBE,
        Method.SIGNATURE_SUBSCRIBE,
    }
)
_UNSUBSCRIBE = frozenset(
    {
        Method.ACCOUNT_UNSUBSCRIBE,
        Method.PROGRAM_UNSUBSCRIBE,
        Method.LOGS_UNSUBSCRIBE,
        Method.SLOT_UNSUBSCRIBE,
        Method.SIGNATURE_UNSUBSCRIBE,
    }
)
_UNREAD = frozenset({Method.OTHER, Method.GET_PRIORITY_FEE_ESTIMATE, Method.ESTIMATE_PRIORITY_FEES})
"""Methods whose parameters say nothing about their reply."""


def decode_solana(session: SolanaSession, conn: int, generation: int, direction: int, body: bytes) -> list[Event]:
    """Returns what one frame to or from a Solana node says; several events if it lists several accounts.

    A frame we sent is remembered in the session. A frame of an older generation, a reply nobody waits for and a
    notification nobody subscribed to are `Ignored`. Raises `DecodeError` if the frame isn't JSON-RPC or not what its
    method answers; the request then counts as answered.
    """
    frame = document(body)
    if not session.enter(generation):
        return [Ignored()]
    if direction == Direction.OUT:
        _request(session, conn, frame)
        return [Ignored()]
    method, params, number, result, error = frame.fields("method", "params", "id", "result", "error")
    if not method.absent:
        return [_notification(session, method.text(), params)]
    asked = _answered(session, conn, number)
    if error.optional:
        return [_refusal(error, asked)]
    if result.absent:
        raise result.wrong()
    return [Ignored()] if asked is None else _reply(session, asked, result)


def _answered(session: SolanaSession, conn: int, number: Field) -> Pending | None:
    try:
        return session.answer(conn, number.u64())
    except DecodeError:
        return None


def _request(session: SolanaSession, conn: int, frame: Field) -> None:
    """`{"jsonrpc":"2.0","id":1,"method":"accountSubscribe","params":["<key>",{"encoding":"base64"}]}`."""
    number, method, params = frame.fields("id", "method", "params")
    if number.optional is None:
        return
    request = number.u64()
    name = Method.named(method.text())
    given = params.items() if params.optional and name not in _UNREAD else []
    first = given[0] if given else Field(params.name, ABSENT)
    keys: list[bytes] = []
    signatures: list[bytes] = []
    points = subscription = None
    if name in (Method.ACCOUNT_SUBSCRIBE, Method.PROGRAM_SUBSCRIBE, Method.GET_PROGRAM_ACCOUNTS):
        keys = [first.pubkey()]
    elif name in (Method.SIGNATURE_SUBSCRIBE, Method.GET_TRANSACTION):
        signatures = [first.signature()]
    elif name is Method.GET_MULTIPLE_ACCOUNTS:
        keys = [key.pubkey() for key in first.items()]
    elif name is Method.GET_SIGNATURE_STATUSES:
        signatures = [signature.signature() for signature in first.items()]
    elif name is Method.GET_RECENT_PRIORITIZATION_FEES:
        points = _percentile(given)
        keys = [key.pubkey() for key in first.items()] if type(first.raw) is list else []
    elif name is Method.LOGS_SUBSCRIBE:
        keys = _mentions(first)
    elif name in _UNSUBSCRIBE:
        subscription = first.u64()
    session.ask(conn, request, Pending(name, keys, signatures, points, subscription))


def _mentions(logs: Field) -> list[bytes]:
    """`{"mentions":["<key>"]}`; no key for the logs of all."""
    return [key.pubkey() for key in logs.get("mentions").items()] if type(logs.raw) is dict else []


def _percentile(params: list[Field]) -> int | None:
    """`[["<key>"],{"percentile":5000}]`: basis points, 1..=10000; without it a node answers with the minimum."""
    for param in params:
        if type(param.raw) is dict:
            percentile = param.get("percentile").optional
            if percentile is not None:
                points = percentile.u64()
                if 1 <= points <= 10_000:
                    return points
                raise percentile.wrong()
    return None


def _refusal(error: Field, asked: Pending | None) -> Event:
    """`{"code":-32602,"message":"Invalid params"}`."""
    code, message = error.fields("code", "message")
    method = asked.method.value if asked else ""
    return Error(code.i64(), message.text(), method, asked.keys[0] if asked and asked.keys else None)


def _reply(session: SolanaSession, asked: Pending, result: Field) -> list[Event]:
    method = asked.method
    if method in _SUBSCRIBE:
        return [_subscribed(session, asked, result.u64())]
    if method in _UNSUBSCRIBE:
        if result.boolean() and asked.subscription is not None:
            session.unsubscribe(asked.subscription)
        return [Subscribed(method.value, None, asked.subscription)]
    match method:
        case Method.GET_MULTIPLE_ACCOUNTS:
            return _multiple_accounts(asked.keys, result)
        case Method.GET_PROGRAM_ACCOUNTS:
            return _program_accounts(result)
        case Method.GET_SIGNATURE_STATUSES:
            return _signature_statuses(asked, result)
        case Method.GET_SLOT:
            return [CurrentSlot(result.u64())]
        case Method.GET_LATEST_BLOCKHASH:
            return [_blockhash(result)]
        case Method.GET_RECENT_PRIORITIZATION_FEES:
            return [_fee_samples(asked, result)]
        case Method.GET_TRANSACTION:
            return [receipt(asked.signatures[0], result)] if result.optional else [Ignored()]
        case Method.GET_PRIORITY_FEE_ESTIMATE:
            return [_fee_levels(method, result)]
        case Method.ESTIMATE_PRIORITY_FEES:
            return [_fee_percentiles(method, result)]
    return [Ignored()]


def _subscribed(session: SolanaSession, asked: Pending, number: int) -> Event:
    key = asked.keys[0] if asked.keys else None
    target = b""
    if asked.method in (Method.ACCOUNT_SUBSCRIBE, Method.LOGS_SUBSCRIBE) and key is not None:
        target = key
    elif asked.method is Method.SIGNATURE_SUBSCRIBE and asked.signatures:
        target = asked.signatures[0]
    session.subscribe(number, target)
    return Subscribed(asked.method.value, None if asked.method is Method.LOGS_SUBSCRIBE else key, number)


def _multiple_accounts(keys: list[bytes], result: Field) -> list[Event]:
    """`{"context":{"slot":5},"value":[{…},null]}`, in the order of the keys asked for."""
    slot, value = _in_context(result)
    entries = value.items()
    if len(entries) != len(keys):
        raise FieldError(value.name, f"{len(entries)} accounts for {len(keys)} keys")
    return [
        _account(key, slot, entry) if entry.optional else AccountMissing(key, slot)
        for key, entry in zip(keys, entries, strict=True)
    ]


def _program_accounts(result: Field) -> list[Event]:
    """`[{"pubkey":"…","account":{…}}]`, or the same inside a context."""
    slot: int | None = None
    value = result
    if type(result.raw) is not list:
        slot, value = _in_context(result)
    events: list[Event] = []
    for entry in value.items():
        name, state = entry.fields("pubkey", "account")
        key = name.pubkey()
        lamports, owner, data = _account_state(state)
        events.append(
            AccountUndated(key, lamports, owner, data) if slot is None else Account(key, slot, lamports, owner, data)
        )
    return events


class _AccountState(NamedTuple):
    lamports: int
    owner: bytes
    data: bytes


def _account_state(value: Field) -> _AccountState:
    """`{"lamports":1,"owner":"…","data":["…","base64"],"executable":false,"rentEpoch":18446744073709551615,"space":0}`."""
    lamports, owner, data = value.fields("lamports", "owner", "data")
    return _AccountState(lamports.u64(), owner.pubkey(), _account_data(data))


def _account(key: bytes, slot: int, value: Field) -> Event:
    lamports, owner, data = _account_state(value)
    return Account(key, slot, lamports, owner, data)


def _account_data(data: Field) -> bytes:
    if type(data.raw) is dict:
        parsed = "jsonParsed"
        raise EncodingError(parsed)
    pair = data.items()
    if len(pair) != 2:
        raise data.wrong()
    encoding = pair[1].text()
    if encoding != "base64":
        raise EncodingError(encoding[:40])
    return pair[0].base64()


def _in_context(result: Field) -> tuple[int, Field]:
    """`{"context":{"slot":5},"value":…}`."""
    context, value = result.fields("context", "value")
    return context.get("slot").u64(), value


def _blockhash(result: Field) -> Event:
    """`{"context":{"slot":5},"value":{"blockhash":"…","lastValidBlockHeight":9}}`."""
    slot, value = _in_context(result)
    blockhash, height = value.fields("blockhash", "lastValidBlockHeight")
    return Blockhash(slot, blockhash.pubkey(), height.u64())


def _fee_samples(asked: Pending, result: Field) -> Event:
    """`[{"slot":5,"prioritizationFee":0}]`."""
    samples: list[tuple[int, int]] = []
    for entry in result.items():
        slot, fee = entry.fields("slot", "prioritizationFee")
        samples.append((slot.u64(), fee.u64()))
    return FeeSamples(asked.percentile, asked.keys, samples)


def _fee_levels(method: Method, result: Field) -> Event:
    """`{"priorityFeeLevels":{"min":0.0,"low":2.0,"medium":10082.0,"high":100000.0,"veryHigh":1000000.0,…}}`.

    Or only the medium one as `{"priorityFeeEstimate":10082.0}`. The lowest and the highest that landed are no offers.
    """
    levels, estimate = result.fields("priorityFeeLevels", "priorityFeeEstimate")
    named = {"low": 25, "medium": 50, "high": 75, "veryHigh": 95}
    if levels.optional is None:
        return FeeEstimate(method.value, None, [(50, estimate.scaled(0))])
    prices = levels.fields(*named)
    return FeeEstimate(method.value, None, [(named[price.name], price.scaled(0)) for price in prices])


def _fee_percentiles(method: Method, result: Field) -> Event:
    """`{"context":{"slot":5},"per_compute_unit":{"extreme":9,"high":7,…,"percentiles":{"0":1,"5":1,…}}}`."""
    context, unit = result.fields("context", "per_compute_unit")
    words = {"low": 25, "medium": 50, "high": 75, "extreme": 90}
    percentiles, *rough = unit.fields("percentiles", *words)
    if percentiles.optional is None:
        levels = [(words[price.name], price.scaled(0)) for price in rough]
    else:
        exact = percentiles.fields("25", "50", "75", "90", "95")
        levels = [(int(price.name), price.scaled(0)) for price in exact]
    return FeeEstimate(method.value, context.get("slot").u64(), levels)


def _signature_statuses(asked: Pending, result: Field) -> list[Event]:
    """`{"context":{"slot":5},"value":[null,{"slot":4,"confirmations":1,"err":null,"confirmationStatus":"confirmed"}]}`."""
    slot, value = _in_context(result)
    entries = value.items()
    if len(entries) != len(asked.signatures):
        raise FieldError(value.name, f"{len(entries)} statuses for {len(asked.signatures)} signatures")
    return [
        SignatureStatus(signature, slot, _transaction_status(entry) if entry.optional else None)
        for signature, entry in zip(asked.signatures, entries, strict=True)
    ]


def _transaction_status(entry: Field) -> TransactionStatus:
    slot, err, status = entry.fields("slot", "err", "confirmationStatus")
    return TransactionStatus(slot.u64(), _failed(err), _commitment(status) if status.optional else None)


def _commitment(status: Field) -> Commitment:
    text = status.text()
    try:
        return Commitment(text)
    except ValueError:
        raise status.wrong() from None


def _failed(err: Field) -> bool:
    """`null`, or what went wrong as text or an object."""
    if err.raw is None:
        return False
    if type(err.raw) in (str, dict):
        return True
    raise err.wrong()


def _notification(session: SolanaSession, method: str, params: Field) -> Event:
    """`{"jsonrpc":"2.0","method":"accountNotification","params":{"result":…,"subscription":7}}`."""
    result, subscription = params.fields("result", "subscription")
    number = subscription.u64()
    match method:
        case "accountNotification":
            key = session.account(number)
            return Ignored() if key is None else _account(key, *_in_context(result))
        case "programNotification":
            slot, value = _in_context(result)
            name, state = value.fields("pubkey", "account")
            return _account(name.pubkey(), slot, state)
        case "slotNotification":
            slot_, parent, root = result.fields("slot", "parent", "root")
            return Slot(slot_.u64(), parent.u64(), root.u64())
        case "logsNotification":
            return _logs(session.account(number), result)
        case "signatureNotification":
            return _signature(session, number, result)
    return Ignored()


def _logs(mentions: bytes | None, result: Field) -> Event:
    """`{"context":{"slot":5},"value":{"signature":"…","err":null,"logs":["Program … invoke [1]"]}}`."""
    slot, value = _in_context(result)
    signature, err, lines = value.fields("signature", "err", "logs")
    return Logs(slot, signature.signature(), _failed(err), [line.text() for line in lines.items()], mentions)


def _signature(session: SolanaSession, number: int, result: Field) -> Event:
    """`{"context":{"slot":5},"value":{"err":null}}`, which ends the subscription, or `"receivedSignature"` as value."""
    signature = session.signature(number)
    if signature is None:
        return Ignored()
    slot, value = _in_context(result)
    if type(value.raw) is str:
        if value.text() == "receivedSignature":
            return SignatureReceived(signature, slot)
        raise value.wrong()
    failed = _failed(value.get("err"))
    session.unsubscribe(number)
    return SignatureStatus(signature, slot, TransactionStatus(slot, failed, None))
