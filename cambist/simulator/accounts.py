"""Accounts as the chain holds them: immutable, replaced when they change, encoded only when somebody asks."""

from __future__ import annotations

from cambist.engine.reference.chain import program
from cambist.simulator.token_layout import TOKEN_ACCOUNT, encode_clock, encode_token_account

_WITHHELD = (2).to_bytes(2, "little") + (8).to_bytes(2, "little")
"""Type and length of Token-2022's TransferFeeAmount."""
_AMOUNT = TOKEN_ACCOUNT.fields["amount"].offset


def rent(space: int) -> int:
    """Returns the lamports that make an account of `space` bytes rent-exempt."""
    return (128 + space) * 6_960


class Account:
    """An account whose bytes are at hand: a mint, a config or a wallet."""

    __slots__ = ("_data", "executable", "lamports", "owner")

    def __init__(self, owner: bytes, data: bytes, lamports: int | None = None, *, executable: bool = False) -> None:
        self.owner, self._data, self.executable = owner, data, executable
        self.lamports = rent(len(data)) if lamports is None else lamports

    @property
    def data(self) -> bytes:
        """The account's bytes."""
        return self._data

    @property
    def space(self) -> int:
        """Size of the data."""
        return len(self._data)

    def funded(self, lamports: int) -> Account:
        """Returns the same account with other lamports."""
        return Account(self.owner, self._data, lamports, executable=self.executable)


class TokenBalance(Account):
    """An SPL Token or Token-2022 account."""

    __slots__ = ("_template", "amount", "holder", "mint")

    def __init__(
        self, template: bytes, token_program: bytes, mint: bytes, holder: bytes, amount: int, lamports: int
    ) -> None:
        super().__init__(token_program, b"", lamports)
        self._template, self.mint, self.holder, self.amount = template, mint, holder, amount

    @staticmethod
    def new(
        token_program: bytes, mint: bytes, holder: bytes, amount: int, *, native: bool, withheld: bool
    ) -> TokenBalance:
        """Returns an account; `native` for wrapped SOL, `withheld` for a mint with a transfer fee."""
        template = encode_token_account(
            mint=mint, owner=holder, amount=0, native_tag=native, native_reserve=rent(165) if native else 0
        )
        if withheld:
            template += b"\x02" + _WITHHELD + bytes(8)
        base = rent(len(template))
        return TokenBalance(template, token_program, mint, holder, amount, base + (amount if native else 0))

    @property
    def native(self) -> bool:
        """Whether it holds wrapped SOL, so that its lamports move with its amount."""
        return self._template[109:113] == b"\x01\0\0\0"

    def moved(self, delta: int) -> TokenBalance:
        """Returns the account with `delta` more atoms."""
        lamports = self.lamports + (delta if self.native else 0)
        return TokenBalance(self._template, self.owner, self.mint, self.holder, self.amount + delta, lamports)

    def moved_to(self, amount: int) -> TokenBalance:
        """Returns the account with this amount; its lamports stay."""
        return TokenBalance(self._template, self.owner, self.mint, self.holder, amount, self.lamports)

    def withhold(self, fee: int) -> TokenBalance:
        """Returns the account, of a mint with a transfer fee, with `fee` more atoms withheld."""
        total = int.from_bytes(self._template[-8:], "little") + fee
        template = self._template[:-8] + total.to_bytes(8, "little")
        return TokenBalance(template, self.owner, self.mint, self.holder, self.amount, self.lamports)

    def funded(self, lamports: int) -> TokenBalance:
        """Returns the same account with other lamports."""
        return TokenBalance(self._template, self.owner, self.mint, self.holder, self.amount, lamports)

    @property
    def data(self) -> bytes:
        """The account's bytes."""
        if not self._data:
            self._data = self._template[:_AMOUNT] + self.amount.to_bytes(8, "little") + self._template[_AMOUNT + 8 :]
        return self._data

    @property
    def space(self) -> int:
        """Size of the data."""
        return len(self._template)


def clock_account(slot: int, epoch: int, epoch_start: int, now: int) -> Account:
    """Returns the clock sysvar."""
    data = encode_clock(slot=slot, epoch=epoch, unix_timestamp=now, epoch_start_timestamp=epoch_start)
    return Account(program.SYSVAR, data)
