"""Landed transactions as `getTransaction` and `getBlock` tell them.

The market doesn't keep which instruction asked for which other: `innerInstructions` is null, as with a node that
records none. Payer, fee, tip and the balances before and after are there.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from cambist.simulator.accounts import TokenBalance
from cambist.simulator.encoding import key_text
from cambist.simulator.transactions import message_keys, wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cambist.simulator.chain import Balance, Landed


def transaction_of(landed: Landed, decimals: Mapping[bytes, int]) -> dict[str, Any]:
    """Returns transaction and meta, the transaction in base64; `decimals` are those of mints."""
    keys = message_keys(landed.transaction)
    before = [landed.before.get(key, 0) for key in keys]
    after = [landed.after.get(key, held) for key, held in zip(keys, before, strict=True)]
    meta = {
        "err": landed.err,
        "status": {"Ok": None} if landed.err is None else {"Err": landed.err},
        "fee": landed.transaction.fee,
        "preBalances": _lamports(before),
        "postBalances": _lamports(after),
        "innerInstructions": None,
        "logMessages": landed.logs,
        "preTokenBalances": _tokens(before, decimals),
        "postTokenBalances": _tokens(after, decimals),
        "rewards": [],
        "loadedAddresses": {"writable": [], "readonly": []},
        "computeUnitsConsumed": landed.units,
    }
    return {
        "transaction": [base64.b64encode(wire(landed.transaction)).decode(), "base64"],
        "meta": meta,
        "version": "legacy",
    }


def _lamports(accounts: list[Balance]) -> list[int]:
    return [each if isinstance(each, int) else each.lamports for each in accounts]


def _tokens(accounts: list[Balance], decimals: Mapping[bytes, int]) -> list[dict[str, Any]]:
    return [
        {
            "accountIndex": index,
            "mint": key_text(account.mint),
            "owner": key_text(account.holder),
            "programId": key_text(account.owner),
            "uiTokenAmount": {"amount": str(account.amount), "decimals": decimals[account.mint]},
        }
        for index, account in enumerate(accounts)
        if isinstance(account, TokenBalance)
    ]
