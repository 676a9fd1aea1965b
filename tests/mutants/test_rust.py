"""Mutants of Rust: where they are, how many of them make one file, and whom the compiler blames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts.mutants import trying_rust
from scripts.mutants.rooms import PYTHON, ROOT, RUST
from scripts.mutants.rust_sites import blanked, bodies, rust_mutants, switched
from scripts.mutants.trying_rust import Program

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """\
//! Ends — where `a < b`.
pub const MOST: u32 = 4;
const fn half(of: u32) -> u32 {
    of / 2
}
fn pair(of: [u8; 2]) -> [u8; 2] { of }
impl<'a> Quote<'a> {
    pub(super) fn pays(&self, amount: u64) -> Option<u64> {
        debug_assert!(amount > 0);
        let text = "1 + 1"; // not 2 + 2
        if amount <= self.least && !self.shut {
            return None;
        }
        self.count += 1;
        amount.checked_add(self.fee).filter(|&all| all < 'x' as u64)
    }
}
#[cfg(test)]
mod tests {
    fn own() -> u32 { 1 + 1 }
}
"""


def changes(folder: Path, source: str) -> set[tuple[int, str, str]]:
    (folder / "one.rs").write_text(source, encoding="utf-8")
    text = source.encode()
    return {(m.line, text[m.start : m.end].decode(), m.text) for m in rust_mutants(folder, "one.rs")}


def test_bodies_are_changed_and_no_constant_text_assertion_or_test_is(tmp_path: Path) -> None:
    assert changes(tmp_path, SOURCE) == {
        (11, "<=", "<"), (11, "<=", ">"), (11, "&&", "||"), (11, "!", ""),
        (14, "+=", "-="), (14, "1", "2"), (14, "self.count += 1;", ""),
        (15, "checked_add", "checked_sub"), (15, "<", "<="), (15, "<", ">="),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("for at in 0..self.len() {}", {("0", "1"), ("..", "..=")}),
        ("self.pools.clear();", {("self.pools.clear();", "")}),
        ("let of: Vec<Vec<u8>> = Vec::new();", set()),
        ("left.min(right.0)", {("min", "max")}),
        ("1.5 - 2e3", {("-", "+")}),
        ("10_000u64 >> n", {("10_000", "10001"), (">>", "<<")}),
        ("'outer: loop { break 'outer; }", set()),
        ("loop { break }", {("break", "continue")}),
    ],
)
def test_what_a_body_is_changed_to(body: str, expected: set[tuple[str, str]], tmp_path: Path) -> None:
    found = changes(tmp_path, f"fn f() {{\n    {body}\n}}\n")
    assert {(before, after) for _, before, after in found} == expected


def test_a_body_ends_with_its_function_and_holds_those_within() -> None:
    source = "fn a() {\n    fn b() {\n        1\n    }\n}\nfn c() -> [u8; 2] {\n    [1; 2]\n}\n"
    assert [(each.name, source[each.start : each.end][-1]) for each in bodies(source)] == [("a", "}"), ("c", "}")]
    assert source[bodies(source)[1].start :].startswith("{\n    [1; 2]")


def test_blanking_keeps_every_place_and_lifetimes() -> None:
    assert len(blanked(SOURCE)) == len(SOURCE)
    assert "impl<'a> Quote<'a>" in blanked(SOURCE)
    assert "'x'" not in blanked(SOURCE)


def test_a_switched_file_chooses_by_number_and_knows_whom_to_blame(tmp_path: Path) -> None:
    changes(tmp_path, SOURCE)
    found = rust_mutants(tmp_path, "one.rs")
    chosen = {5: found[0], 9: found[-1]}
    made = switched(tmp_path, "one.rs", chosen, "crate::on_off")
    lines = made.text.splitlines()
    assert lines[7].endswith("{ match crate::on_off::on(5) {")
    arms = {
        word: [at for at, line in enumerate(lines, 1) if line.startswith(f"{word} => ")] for word in ("5", "9", "_")
    }
    assert {word: len(at) for word, at in arms.items()} == {"5": 1, "9": 1, "_": 1}
    assert made.text.count(found[0].after) == 1
    assert made.blamed(arms["5"][0]) == (5,)
    assert made.blamed(arms["9"][0] + 3) == (9,)
    assert made.blamed(arms["_"][0]) == (5, 9)
    assert made.blamed(1) == ()
    assert made.text.startswith(SOURCE[: SOURCE.index("    pub(super)")])
    assert made.text.endswith(SOURCE[SOURCE.index("\n}\n#[cfg(test)]") :])


def test_rooms_of_rust_have_sources_tests_and_share_nothing() -> None:
    files = [path for room in (*PYTHON, *RUST) for path in room.files()]
    assert len(files) == len(set(files))
    for room in RUST:
        assert room.test_files(), room.name
        assert all((ROOT / path).is_file() for path in room.tests)
    below = {path.relative_to(ROOT).as_posix() for name in ("judge", "search", "book") for path in
             (ROOT / "engine_rs" / "core" / "src" / name).rglob("*.rs") if path.name != "tests.rs"}  # fmt: skip
    assert {path for room in RUST for path in room.files()} == below


def test_a_mutant_is_tried_where_it_is_reached_and_a_program_that_hangs_notices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "judgements-0123456789abcdef"
    program.write_text('#!/bin/sh\ncase "$CAMBIST_MUTANT" in 2) exit 1;; 3) exec sleep 60;; esac\n', encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / "engine_rs" / "core").mkdir(parents=True)
    monkeypatch.setattr(trying_rust, "TREE", tmp_path)
    monkeypatch.setattr(trying_rust, "START_S", 0.5)
    reached = [Program(str(program), 0.0, [])]
    results = [trying_rust._tried(number, reached) for number in (1, 2, 3)]
    assert [(each.killed, each.by) for each in results] == [(False, ""), (True, "judgements"), (True, "judgements")]
    nothing = trying_rust._tried(2, [])
    assert (nothing.killed, nothing.by) == (False, "no test reaches it")


def test_a_source_that_no_body_can_switch_has_no_mutants(tmp_path: Path) -> None:
    assert changes(tmp_path, "pub trait Hops {\n    fn len(&self) -> usize;\n}\n") == set()


def test_what_did_not_compile_is_known_until_its_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying_rust, "ROOT", tmp_path)
    changes(tmp_path, SOURCE)
    first, second, *_ = rust_mutants(tmp_path, "one.rs")
    trying_rust._Refused(tmp_path / "kept.json").put(first)
    again = trying_rust._Refused(tmp_path / "kept.json")
    assert (again.knows(first), again.knows(second)) == (True, False)
    (tmp_path / "one.rs").write_text(SOURCE + "\n", encoding="utf-8")
    assert not again.knows(first)
