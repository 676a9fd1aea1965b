"""JSON of one frame, read strictly.

Strict means RFC 8259, UTF-8, at most 64 containers deep and 16 MiB long. A key that is read must not come twice in its
object; what is not read is only checked for its grammar. The twin reads in place, and accepts and refuses the same.
"""

from __future__ import annotations

import binascii
import json
import re
from typing import Any, NamedTuple, NoReturn

from cambist.engine.reference.chain import base58
from cambist.engine.reference.exchanges.decimal import U64_MAX, PriceScale, decimal, decimal8, is_beyond, scaled
from cambist.engine.reference.exchanges.event import DecodeError, FieldError, Level, NotJson, TooLarge

MAX_BODY = 16 * 1024 * 1024
"""Longest frame that is read."""

MAX_DEPTH = 64
"""Deepest nesting of containers that is read."""


class Number(str):
    """A number that is no integer of at most 20 digits, as it stands in the frame."""

    __slots__ = ()


class _Mark:
    """A value no frame can hold."""

    def __init__(self, was: str) -> None:
        self.was = was


ABSENT = _Mark("missing")
TWICE = _Mark("there twice")

Json = Any


class Field(NamedTuple):
    """A value and the key it was read under."""

    name: str
    raw: Json

    @property
    def absent(self) -> bool:
        """Whether the object has no such key."""
        return self.raw is ABSENT

    @property
    def optional(self) -> Field | None:
        """The field, `None` if it is absent or null."""
        return None if self.raw is ABSENT or self.raw is None else self

    def fields(self, *names: str) -> list[Field]:
        """Returns the fields of an object with these names."""
        raw = self.raw
        if type(raw) is not dict:
            raise self.wrong()
        return [Field(name, raw.get(name, ABSENT)) for name in names]

    def get(self, name: str) -> Field:
        """Returns the field of an object with this name."""
        return self.fields(name)[0]

    def items(self) -> list[Field]:
        """Returns the elements of an array, under the same name."""
        if type(self.raw) is not list:
            raise self.wrong()
        return [Field(self.name, element) for element in self.raw]

    def members(self) -> list[Field]:
        """Returns the values of an object under its own name, whatever their keys.

        One that comes twice counts once, as a value that is there twice.
        """
        if type(self.raw) is not dict:
            raise self.wrong()
        for key in self.raw:
            Field(self.name, key).text()
        return [Field(self.name, value) for value in self.raw.values()]

    def number(self) -> str:
        """Returns the text of a number, as it stands in the frame."""
        raw = self.raw
        if type(raw) in (int, Number):
            return str(raw)
        raise self.wrong()

    def u64(self) -> int:
        """Returns an unsigned 64-bit integer."""
        raw = self.raw
        if type(raw) is int and 0 <= raw <= U64_MAX:
            return raw
        raise self.wrong()

    def i64(self) -> int:
        """Returns a signed 64-bit integer."""
        raw = self.raw
        if type(raw) is int and -(1 << 63) <= raw < 1 << 63:
            return raw
        raise self.wrong()

    def scaled(self, places: int) -> int:
        """Returns a number × 10^`places`, what remains cut off; it is not negative and fits."""
        value = scaled(self.number(), places)
        if value is None:
            raise self.wrong()
        return value

    def boolean(self) -> bool:
        """Returns true or false."""
        if type(self.raw) is bool:
            return self.raw
        raise self.wrong()

    def text(self) -> str:
        """Returns a string without half surrogate pairs."""
        raw = self.raw
        if type(raw) is str and (raw.isascii() or _is_whole(raw)):
            return raw
        raise self.wrong()

    def pubkey(self) -> bytes:
        """Returns a key out of its base58 text."""
        key = base58.decode(self.text())
        if key is None:
            raise self.wrong()
        return key

    def signature(self) -> bytes:
        """Returns a signature out of its base58 text."""
        signature = base58.decode_signature(self.text())
        if signature is None:
            raise self.wrong()
        return signature

    def decimal(self) -> int:
        """Returns a decimal string × 10⁸."""
        value = decimal8(self.text())
        if value is None:
            raise self.wrong()
        return value

    def price(self, scale: PriceScale) -> int:
        """Returns a decimal string as a price of a scale."""
        value = decimal(self.text(), scale)
        if value is None:
            raise self.wrong()
        return value

    def levels(self, scale: PriceScale) -> list[Level]:
        """Returns an array of `[price, quantity, …]`, quantities × 10⁸, without those beyond the largest price."""
        if type(self.raw) is not list:
            raise self.wrong()
        found: list[Level] = []
        for raw in self.raw:
            # Levels are most of what venues send: no `Field` is made for a sound one.
            if type(raw) is list and len(raw) >= 2 and type(raw[0]) is str and type(raw[1]) is str:
                price, quantity = decimal(raw[0], scale), decimal8(raw[1])
                if price and quantity is not None:
                    found.append((price, quantity))
                    continue
            level = Field(self.name, raw).level(scale)
            if level is not None:
                found.append(level)
        return found

    def level_price(self, scale: PriceScale) -> int | None:
        """Returns a decimal string as the price of a level, `None` beyond the largest of the scale."""
        value = decimal(text := self.text(), scale)
        if value == 0 or (value is None and not is_beyond(text, scale)):
            raise self.wrong()  # 0 would be free to buy
        return value

    def level(self, scale: PriceScale) -> Level | None:
        """Returns (price, quantity), the latter × 10⁸; `None` beyond the largest price."""
        pair = self.items()
        if len(pair) < 2:
            raise self.wrong()
        price, quantity = pair[0].level_price(scale), pair[1].decimal()
        return None if price is None else (price, quantity)

    def base64(self) -> bytes:
        """Returns the bytes of canonical base64."""
        text = self.text()
        try:
            data = binascii.a2b_base64(text, strict_mode=True)
        except ValueError:
            raise self.wrong() from None
        if binascii.b2a_base64(data, newline=False).decode() != text:
            raise self.wrong()
        return data

    def wrong(self) -> DecodeError:
        """Returns the error that names this field and what it was."""
        raw = self.raw
        if type(raw) is str:
            was = f'"{raw[:40]}"' if _is_whole(raw) else "half a surrogate pair"
        elif isinstance(raw, _Mark):
            was = raw.was
        elif raw is None:
            was = "null"
        elif type(raw) is bool:
            was = "true" if raw else "false"
        elif isinstance(raw, (int, Number)):
            was = str(raw)[:40]
        else:
            was = "an array" if type(raw) is list else "an object"
        return FieldError(self.name, was)


def document(body: bytes) -> Field:
    """Returns the one value a frame holds, its whole grammar checked. Raises `TooLarge` and `NotJson`."""
    if len(body) > MAX_BODY:
        raise TooLarge(len(body))
    try:
        text = body.decode()
        _check_depth(text)
        return Field("frame", _DECODER.decode(text))
    except ValueError:
        raise NotJson from None


_NOT_BRACKETS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[^"\[\]{}]++', re.DOTALL)
_AS_SQUARE = str.maketrans("{}", "[]")


def _check_depth(text: str) -> None:
    """Raises `ValueError` if well-formed `text` nests too deep; the library's reader has no such limit of its own."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    brackets = _NOT_BRACKETS.sub("", text).translate(_AS_SQUARE)
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace("[]", "")  # one pass takes off the innermost level
    if brackets:
        raise ValueError(brackets[:40])


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                found[key] = TWICE
            seen.add(key)
    return found


def _integer(text: str) -> int | Number:
    return int(text) if len(text) <= 21 and text != "-0" else Number(text)


def _constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=Number, parse_constant=_constant, strict=True
)
