import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cambist.engine.reference.library import merkle

WORDS = b"my very eager mother just served us nine pizzas make prime".split()
CLAIMS = [merkle.tip_claim(bytes([at]) * 32, at * 1000) for at in (1, 2, 3)]
CLAIMS_ROOT = bytes.fromhex("c2a1a179dafcad36734f9ea29e90394800329cd9a42e0416ce8c96ea877eb036")
schemes = st.sampled_from(["sorted", "ordered", "shred"])


def test_every_example_runs():
    result = doctest.testmod(merkle)
    assert result.attempted > 5
    assert result.failed == 0


@pytest.mark.parametrize(
    ("scheme", "items", "root"),
    [
        ("ordered", WORDS, "b40c847546fdceea166f927fc46c5ca33c3638236a36275c1346d3dffb84e1bc"),
        ("ordered", [b"test"], "dbebd10e61bc8c28591273feafbbef95d544f874693301d8f7f8e54c6e30058e"),
        ("sorted", WORDS, "49ced1f20bd9f7cc74a912fafe07c6586e9bd8f6d1dd9dab74c8b92a8adc504c"),
        (
            "shred",
            [bytes([at] * 4) for at in range(5)],
            "dbce60dddc0944e729655dc700e049847f9e9cd752a3d2a0c0da30c0cf1d0e70",
        ),
    ],
)
def test_roots_are_those_of_the_chain(scheme, items, root):
    assert merkle.root(scheme, items).hex() == root


def test_tip_claims_are_proved_as_on_chain():
    assert merkle.root("sorted", CLAIMS) == CLAIMS_ROOT
    proofs = [[entry.hex() for entry in proof] for proof in merkle.prove("sorted", CLAIMS, [0, 1, 2])]
    top = "ec4ff9b3bb1a4c9a1e770f5bb61d43a7b89bee0d78cc8c8d890d10af7753e84a"
    assert proofs == [
        ["50e4f7078bb1afe5bc6e6415fe209ab840c74b234382ce46073d4bc5b9132c29", top],
        ["4d79d463dec14700905f2ea2bdb07652ea276e02342c52172162274d83c7fb0b", top],
        [
            "84f25a4f80ba273933cb59831c4840618d73229cea6052aee60ac37b1792343e",
            "0bc9f811926a48a5aab369d8ab3f2f468c1f9cd1a4d1ea6891290d86ca8c2513",
        ],
    ]
    for claim, proof in zip(CLAIMS, proofs, strict=True):
        entries = [bytes.fromhex(entry) for entry in proof]
        assert merkle.verify_claim(claim, entries, CLAIMS_ROOT)
        assert not merkle.verify_claim(merkle.tip_claim(bytes(32), 1), entries, CLAIMS_ROOT)


@given(schemes, st.lists(st.binary(max_size=8), min_size=1, max_size=30, unique=True), st.data())
def test_each_leaf_is_proved_and_nothing_else(scheme, items, data):
    root = merkle.root(scheme, items)
    at = data.draw(st.integers(0, len(items) - 1))
    proof = merkle.prove(scheme, items, [at])[0]
    assert merkle.verify(scheme, items[at], at, len(items), proof, root)
    assert not merkle.verify(scheme, items[at] + b"!", at, len(items), proof, root)
    if proof:
        entry = data.draw(st.integers(0, len(proof) - 1))
        broken = [*proof]
        broken[entry] = bytes([broken[entry][0] ^ 1]) + broken[entry][1:]
        assert not merkle.verify(scheme, items[at], at, len(items), broken, root)


def refused(call, *args):
    with pytest.raises(merkle.MerkleError) as caught:
        call(*args)
    return str(caught.value)


def test_what_is_refused_names_the_value():
    root = merkle.root("ordered", WORDS)
    proof = merkle.prove("ordered", WORDS, [10])[0]
    assert refused(merkle.root, "keccak", WORDS) == "scheme was keccak, not sorted, ordered or shred"
    assert refused(merkle.root, "ordered", []) == "a tree without leaves"
    assert refused(merkle.prove, "ordered", WORDS, [11]) == "leaf 11 of a tree of 11"
    assert refused(merkle.verify, "ordered", b"", 11, 11, proof, root) == "leaf 11 of a tree of 11"
    assert refused(merkle.verify, "ordered", b"", 0, 0, [], root) == "leaf 0 of a tree of 0"
    assert refused(merkle.verify, "ordered", b"", 0, 11, proof[1:], root) == "proof of 3 entries, not 4"
    assert refused(merkle.verify, "shred", b"", 0, 11, proof, root) == "proof entry 0 was 32 bytes, not 20"
    assert refused(merkle.verify_claim, b"", [], root) == "claim was 0 bytes, not 32"
    assert refused(merkle.verify_claim, root, [], b"") == "root was 0 bytes, not 32"
    assert refused(merkle.tip_claim, b"1", 1) == "claimant was 1 bytes, not 32"
