"""The market's AMM v4 against what the deployed binary did."""

from cambist.engine.reference.chain import program
from cambist.engine.reference.venues.ray4.layout import AmmV4
from cambist.engine.reference.venues.ray4.owned import RAYDIUM_V4
from cambist.simulator.metas import readonly, written
from cambist.simulator.transactions import Instruction, Meta
from cambist.simulator.venues.ray4.catalogue import AUTHORITY
from cambist.simulator.venues.ray4.market import Ray4Market
from tests.simulator.venues.wallets import USER, WALLETS, code, opened, run
from tests.svm_vectors import load

SERUM = 16_777_369
"""The order book's error in pools of the old program that were recorded without one."""


def test_raydium_v4_swaps_end_as_the_recorded_ones() -> None:
    """Amounts, ray_log and error code of tags 9 and 11 with 17 and 18 accounts, where the rounding rules agree."""
    data, done, failed, other = load("raydium_amm_v4"), 0, 0, []
    signer = Meta(USER, signer=True, writable=True)
    for case in data["cases"]:
        exp = case["exp"]
        if case["new_rule"] is not None or "oo_coin" in case or not isinstance(exp["err"], int | None):
            continue
        user = (case["user_dst"], case["user_src"]) if case["dir"] == 1 else (case["user_src"], case["user_dst"])
        spec, accounts = opened("ray4", ((case["cv"], case["pv"]), user))
        opening = case.get("open_time", case.get("open", 0))
        keys = (spec.vault_a, spec.vault_b, spec.token_a.mint, spec.token_b.mint)
        info = AmmV4(case["status"], 6, 6, case["fee_n"], case["fee_d"], case["pnl_c"], case["pnl_p"], opening, *keys)
        pool = Ray4Market(spec, info)
        source, target = WALLETS if case["dir"] == 2 else WALLETS[::-1]
        orders = [written(bytes([20 + i]) * 32) for i in range(case["nacc"] - 16)]
        market = [written(bytes([40 + i]) * 32) for i in range(8)]
        metas = (
            readonly(program.TOKEN),
            written(spec.address),
            readonly(AUTHORITY),
            *orders,
            written(spec.vault_a),
            written(spec.vault_b),
            *market,
            written(source),
            written(target),
            signer,
        )
        pair = (case["amount"], case["limit"]) if case["tag"] == 9 else (case["limit"], case["amount"])
        args = b"".join(value.to_bytes(8, "little") for value in pair)
        outcome = run(pool, accounts, Instruction(RAYDIUM_V4, metas, bytes([case["tag"]]) + args), data["clock"])
        if exp.get("ray_log"):
            log = f"Program log: ray_log: {exp['ray_log']}"
            assert log in outcome.logs or code(outcome) == 22, case
        if not exp["ok"] or outcome.err is not None:
            failed += 1
            if code(outcome) != exp["err"]:
                other.append((case["i"], exp["err"], outcome.err))
            continue
        assert accounts[source].amount - outcome.account(source).amount == exp["in"]
        assert outcome.account(target).amount - accounts[target].amount == exp["out"]
        done += 1
    assert {wanted for _, wanted, _ in other} <= {SERUM}
    assert len(other) <= 2
    assert done > 200
    assert failed > 20
