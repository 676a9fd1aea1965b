"""Transactions as they were sent to the deployed binaries."""

import base64

import pytest

from cambist.simulator.transactions import Budget, parse
from tests.simulator.venues.wallets import key32
from tests.svm_vectors import load


@pytest.mark.parametrize("name", ["raydium_amm_v4", "raydium_cpmm", "orca_whirlpool"])
def test_recorded_transactions_are_read_as_they_were_sent(name: str) -> None:
    for example in load(name)["tx_examples"]:
        transaction = parse(base64.b64decode(example["tx"]))
        assert transaction.verified
        assert transaction.message == base64.b64decode(example["message"])
        assert transaction.budget == Budget(1_400_000, 0)
        swap = transaction.instructions[-1]
        assert swap.program == key32(example["program"])
        assert swap.data.hex() == example["data"]
        assert [(meta.key, meta.signer) for meta in swap.accounts] == [
            (key32(key), bool(s)) for key, s, _ in example["accounts"]
        ]
        assert all(meta.writable or not w for meta, (_, _, w) in zip(swap.accounts, example["accounts"], strict=True))
