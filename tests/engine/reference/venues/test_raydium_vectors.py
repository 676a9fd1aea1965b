import base64
from typing import Any

from msgspec.structs import replace

from cambist.engine.reference.chain.token import TransferFee, TransferFeeConfig
from cambist.engine.reference.venues.cpmm.layout import CpmmConfig, CpmmPool
from cambist.engine.reference.venues.cpmm.pool import CpmmPoolState
from cambist.engine.reference.venues.quote import ChainTime, Pool, Quote
from cambist.engine.reference.venues.quote_error import U64_MAX, QuoteError, RoundingRule
from cambist.engine.reference.venues.ray4.layout import AmmV4
from cambist.engine.reference.venues.ray4.pool import AmmV4Pool
from tests import svm_vectors

NOW = ChainTime(slot=400_000_000, unix_timestamp=1_760_000_000, epoch=925)
V4_ZERO, V4_STATUS, V4_BALANCE, V4_SLIPPAGE = 29, 22, 40, 30
ZERO = ("zero_output", "zero_amount")
CPMM_PANIC = "ProgramFailedToComplete|panic:called `Option::unwrap()` on a `None` value"


def outcome(pool: Pool, *, exact_in: bool, a_to_b: bool, amount: int) -> tuple[Quote, Pool] | str:
    try:
        swap = pool.swap if exact_in else pool.swap_exact_out
        return swap(a_to_b, amount, NOW)
    except QuoteError as error:
        return error.reason


def v4_pool(case: dict[str, Any], rule: RoundingRule) -> Pool:
    account = replace(
        AmmV4.decode(base64.b64decode(svm_vectors.load("raydium_amm_v4")["ammInfo_example_b64"])),
        status=case["status"],
        swap_fee_numerator=case["fee_n"],
        swap_fee_denominator=case["fee_d"],
        need_take_pnl_coin=case["pnl_c"],
        need_take_pnl_pc=case["pnl_p"],
        pool_open_time=case.get("open", 0),
    )
    coin, pc = case["cv"] + case.get("oo_coin", 0), case["pv"] + case.get("oo_pc", 0)
    for is_bid, paid, received in case.get("events", ()):
        coin, pc = (coin + received, pc - paid) if is_bid else (coin - paid, pc + received)
    return AmmV4Pool(account, (coin, pc), rule)


def v4_program(case: dict[str, Any], rule: RoundingRule) -> tuple[int, int] | int | str:
    """Returns (in, out) or the program's error, with the trader-side checks that a quote doesn't make."""
    exact_in = case["tag"] == 9
    got = outcome(v4_pool(case, rule), exact_in=exact_in, a_to_b=case["dir"] == 2, amount=case["amount"])
    if got == "not_tradable":
        return V4_STATUS
    if exact_in and case["amount"] > case["user_src"]:
        return V4_BALANCE
    if isinstance(got, str):
        if got == "zero_output" and (case["limit"] > 0 if exact_in else case["limit"] < 0):
            return V4_SLIPPAGE
        return V4_ZERO if got in ("zero_output", "zero_amount", "empty_pool") else got
    quote = got[0]
    if not exact_in and quote.amount_in > case["user_src"]:
        return V4_BALANCE
    if quote.amount_out < case["limit"] if exact_in else quote.amount_in > case["limit"]:
        return V4_SLIPPAGE
    return quote.amount_in, quote.amount_out


def expected_v4(exp: dict[str, Any]) -> tuple[int, int] | int | str:
    if exp["err"] is None:
        return exp["in"], exp["out"]
    return "liquidity" if "panic:called" in str(exp["err"]) else exp["err"]


def needs_market(case: dict[str, Any]) -> bool:
    """Order-book pools without their market: what fails is not the swap."""
    return case["exp"]["err"] in (16777369, "UnsupportedProgramId") or "unreachable" in str(case["exp"]["err"])


def test_amm_v4_as_the_recorded_program_under_its_old_rule():
    checked = 0
    for case in svm_vectors.load("raydium_amm_v4")["cases"]:
        if needs_market(case):
            continue
        assert v4_program(case, RoundingRule.OLD_CEIL) == expected_v4(case["exp"]), case
        checked += 1
    assert checked == 357


def test_amm_v4_state_after():
    for case in svm_vectors.load("raydium_amm_v4")["cases"]:
        exp = case["exp"]
        if exp["err"] is not None:
            continue
        a_to_b = case["dir"] == 2
        before = v4_pool(case, RoundingRule.OLD_CEIL)
        quote, after = outcome(before, exact_in=case["tag"] == 9, a_to_b=a_to_b, amount=case["amount"])
        moved = (exp["in"], -exp["out"]) if a_to_b else (-exp["out"], exp["in"])
        assert tuple(b - a for a, b in zip(before.amounts, after.amounts, strict=True)) == moved
        assert after.account.status == exp["status_after"]
        post = exp["post_acc"]
        assert quote.fee == (post["acc_coin_fee"] if a_to_b else post["acc_pc_fee"]), case


def test_amm_v4_under_todays_rule():
    changed = 0
    for case in svm_vectors.load("raydium_amm_v4")["cases"]:
        if needs_market(case):
            continue
        expected = case["exp"] if case["new_rule"] is None else case["new_rule"]
        changed += case["new_rule"] is not None
        assert v4_program(case, RoundingRule.TRUE_CEIL) == expected_v4(expected), case
    assert changed > 30


def cpmm_pool(case: dict[str, Any], *, creator_fees: bool, rule: RoundingRule) -> Pool:
    vectors = svm_vectors.load("raydium_cpmm")
    account = replace(
        CpmmPool.decode(base64.b64decode(vectors["poolState_example_b64"])),
        status=case["status"],
        protocol_fees=tuple(case["pf"]),
        fund_fees=tuple(case["ff"]),
        creator_fees=tuple(case["cf"]) if creator_fees else (0, 0),
        open_time=case["open"],
        creator_fee_on=case["cmode"],
        enable_creator_fee=bool(case["cen"]) and creator_fees,
    )
    config = replace(
        CpmmConfig.decode(base64.b64decode(vectors["ammConfig_example_b64"])),
        trade_fee_rate=case["t"],
        protocol_fee_rate=case["p"],
        fund_fee_rate=case["f"],
        creator_fee_rate=case["c"],
    )
    fees = tuple(
        fee and TransferFeeConfig(TransferFee(0, 7, 9999), TransferFee(925, fee["max_fee"], fee["bps"]))
        for fee in case["tf"]
    )
    return CpmmPoolState(account, config, tuple(case["v"]), fees, rule)


def cpmm_program(case: dict[str, Any]) -> tuple[Quote, Pool] | int | str:
    """Returns the swap or the recorded (2024) program's error."""
    exact_in, side = case["kind"] == "in", case["dir"]
    pool = cpmm_pool(case, creator_fees=False, rule=RoundingRule.OLD_CEIL)
    got = outcome(pool, exact_in=exact_in, a_to_b=side == 0, amount=case["amount"])
    if isinstance(got, str):
        codes = {"not_tradable": 6000, "zero_amount": 2505, "zero_output": 2505, "invariant": 2506}
        return codes.get(got, got)
    quote = got[0]
    if quote.amount_out < case["limit"] if exact_in else quote.amount_in > case["limit"]:
        return 6005
    if quote.amount_in > case["u"][side]:
        return 1
    return got


def test_cpmm_as_the_recorded_program():
    checked = 0
    for case in svm_vectors.load("raydium_cpmm")["cases"]:
        exp, side = case["exp"], case["dir"]
        got = cpmm_program(case)
        if exp["err"] is not None:
            wanted = ("liquidity", "overflow") if exp["err"] == CPMM_PANIC else (exp["err"],)
            assert got in wanted, (case, got)
            continue
        assert not isinstance(got, int | str), (case, got)
        quote, after = got
        assert (quote.amount_in, quote.amount_out) == (exp["user_paid"], exp["user_got"]), case
        moved = [b - a for a, b in zip(case["v"], after.amounts, strict=True)]
        assert (moved[side], -moved[1 - side]) == (exp["vault_in"], exp["vault_out"]), case
        assert list(after.account.protocol_fees) == exp["post"]["pf"], case
        assert list(after.account.fund_fees) == exp["post"]["ff"], case
        checked += 1
    assert checked == 236


def test_cpmm_with_creator_fees_as_the_newer_source():
    checked = 0
    for case in svm_vectors.load("raydium_cpmm")["cases"]:
        new = case["native2025"]
        if new is None or case["status"] & 4 or case["open"] > NOW.unix_timestamp:
            continue
        side = case["dir"]
        before = cpmm_pool(case, creator_fees=True, rule=RoundingRule.TRUE_CEIL)
        got = outcome(before, exact_in=case["kind"] == "in", a_to_b=side == 0, amount=case["amount"])
        if isinstance(got, str):
            none = new["output"] == 0 or new["input"] == 0
            assert got == "overflow" if new["user_paid"] > U64_MAX else none and got in ZERO, (case, got)
            continue
        quote, after = got
        assert (quote.amount_in, quote.amount_out) == (new["user_paid"], new["user_got"]), (case, quote)
        grown = {
            name: [b - a for a, b in zip(getattr(before.account, name), getattr(after.account, name), strict=True)]
            for name in ("protocol_fees", "fund_fees", "creator_fees")
        }
        assert grown["protocol_fees"][side] == new["protocol_fee"], case
        assert grown["fund_fees"][side] == new["fund_fee"], case
        assert sum(grown["creator_fees"]) == new["creator_fee"], case
        assert quote.fee + quote.fee_out == new["trade_fee"] + new["creator_fee"], case
        checked += 1
    assert checked > 200
