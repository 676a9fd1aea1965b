"""Both backends give the same types, not only equal values: a bare tuple equals a named one."""

from typing import Any

import pytest

from cambist import engine
from cambist.engine.named import NAMED
from cambist.engine.reference.chain import program
from cambist.engine.reference.venues import owned
from cambist.engine.twins import twin
from cambist.simulator.token_layout import encode_mint, encode_token_account
from tests.parity import book_fills
from tests.parity import transactions as made
from tests.parity.chain_books import openbook_v2_market, openbook_v2_side

pytestmark = pytest.mark.skipif(not engine.build_info().native, reason="the Rust engine is not built")

KEY = bytes(range(32))
LEVELS = [(100 * 10**8, 5 * 10**8)], [(101 * 10**8, 5 * 10**8)]
ORDER = (100 << 64 | 1, 5, 0, 0, 0)
CALLS: dict[str, tuple[Any, ...]] = {
    "consolidate_books": ([(1_000, *LEVELS), (1_000, [(103 * 10**8, 10**8)], [(104 * 10**8, 10**8)])], [10**8]),
    "decode_books": ("openbook_v2", [openbook_v2_side(0, [ORDER]), b"short"]),
    "decode_events": ([(owned.RAYDIUM_CPMM, bytes.fromhex("40c6cde8260871e2") + bytes(80)), (KEY, b"")],),
    "decode_fills": ([(owned.OPENBOOK_V2, book_fills.fill_log(3, 4)), (KEY, b"")],),
    "decode_markets": ("openbook_v2", [openbook_v2_market(), b""]),
    "parse_logs": ([made.logs()],),
    "parse_transactions": ([*(made.body(answer) for answer in made.answers()), b"{"],),
    "scan_wallet": (
        KEY,
        [(KEY[::-1], program.TOKEN, 1, encode_token_account(mint=KEY, owner=KEY, amount=5)), (KEY, KEY, 1, b"")],
        [(KEY, encode_mint(decimals=6, supply=9))],
        1,
    ),
}


def types(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return type(value), [types(each) for each in value]
    return type(value)


def test_every_named_call_is_tried() -> None:
    assert set(CALLS) == NAMED


@pytest.mark.parametrize("name", sorted(CALLS))
def test_both_backends_give_the_same_types(name: str) -> None:
    native, reference = (twin(name, backend)(*CALLS[name]) for backend in ("native", "reference"))
    assert native == reference
    assert types(native) == types(reference)
    assert any(hasattr(kind, "_fields") for kind in kinds(native)), "it shows no named tuple"


def kinds(value: Any) -> set[type]:
    inside = [kinds(each) for each in value] if isinstance(value, tuple | list) else []
    return {type(value)}.union(*inside)
