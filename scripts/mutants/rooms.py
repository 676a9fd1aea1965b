"""The rooms of mutants, by subject: what is changed in each, by which tests it is to be noticed, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "mutants"
MONEY = (
    "tests/cambist/execution", "tests/cambist/strategies", "tests/cambist/runtime", "tests/cambist/model",
    "tests/cambist/kernel", "tests/cambist/test_ends.py", "tests/cambist/test_kernel.py",
    "tests/cambist/test_ledger.py", "tests/cambist/test_risk.py", "tests/cambist/test_paper_model.py",
    "tests/cambist/test_legged.py", "tests/cambist/test_running.py", "tests/storage",
)  # fmt: skip
ENGINE = ("tests/engine/reference", "tests/parity")


@dataclass(frozen=True, slots=True)
class Room:
    """Sources that are changed, and where the tests are that run them."""

    name: str
    sources: tuple[str, ...]
    """Patterns below the root."""
    tests: tuple[str, ...] = MONEY
    goal: float = 0.92
    """Share of the mutants that can be told apart which has to be killed."""

    def files(self) -> list[str]:
        """Returns the sources below the root, sorted."""
        found = {path for pattern in self.sources for path in ROOT.glob(pattern)}
        return sorted(path.relative_to(ROOT).as_posix() for path in found)

    def test_files(self) -> list[str]:
        """Returns the files of tests below the root, sorted."""
        found = [path for name in self.tests for path in _below(ROOT / name)]
        return sorted(path.relative_to(ROOT).as_posix() for path in found)


def _below(path: Path) -> list[Path]:
    return [path] if path.is_file() else list(path.rglob("test_*.py"))


PYTHON = (
    Room(
        "ledger",
        (
            "cambist/model/ledger.py", "cambist/model/orders.py", "cambist/kernel/ledger.py", "cambist/kernel/desk.py",
            "cambist/execution/postings.py", "cambist/execution/order_life.py",
        ),
        goal=0.97,
    ),
    Room(
        "paper",
        ("cambist/execution/paper*.py", "cambist/execution/legged.py", "cambist/execution/routes.py"),
        goal=0.97,
    ),
    Room("risk", ("cambist/execution/risk/*.py",), goal=0.97),
    Room("kernel", ("cambist/kernel/[!dl]*.py",)),
    Room("strategies", ("cambist/strategies/*.py",)),
    Room("publish", ("cambist/runtime/publish.py", "cambist/runtime/report.py")),
    Room("recorder", ("cambist/runtime/recorder.py", "cambist/runtime/inbox.py")),
    Room("books", ("cambist/runtime/books.py", "cambist/runtime/valuing.py")),
    Room("storage", ("storage/*.py",)),
    Room("order_book", ("cambist/engine/reference/book/order_book/*.py",), ENGINE),
    Room("scorer", ("cambist/engine/reference/judge/*.py",), ENGINE),
    Room("fees", ("cambist/engine/reference/fees/*.py",), ENGINE),
    Room("sizing", ("cambist/engine/reference/search/sizing.py",), ENGINE),
)  # fmt: skip
CORE = tuple(
    f"engine_rs/core/tests/{name}.rs"
    for name in (
        "book_machine", "books", "engine", "graph_properties", "judgements", "order_book", "parity", "price_scales",
        "search_properties", "search_vectors", "sessions",
    )
)  # fmt: skip
"""Programs of tests that reach these rooms, beside the tests in the sources themselves."""
RUST = (
    Room("judge", ("engine_rs/core/src/judge/**/[!t]*.rs",), CORE),
    Room("search", ("engine_rs/core/src/search/[!s]*.rs", "engine_rs/core/src/search/*/[!t]*.rs"), CORE),
    Room("book", ("engine_rs/core/src/book/**/[!t]*.rs",), CORE),
    Room("core_sizing", ("engine_rs/core/src/search/sizing.rs",), CORE),
)
