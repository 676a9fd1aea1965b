"""A table of fields at fixed offsets that covers an account byte by byte."""

from __future__ import annotations

from typing import NamedTuple

Value = int | bytes


class Field(NamedTuple):
    """Where a field is. Bytes are an address or a region whose meaning nobody here reads."""

    offset: int
    size: int
    kind: str
    """`u`, `i` or `bytes`."""


class Layout:
    """An account's fields in order, without holes."""

    def __init__(self, name: str, discriminator: bytes, spec: str) -> None:
        """Takes `field:type` words; types are u8…u128, i32…i128, key, or a number of bytes."""
        self.name, self.discriminator = name, discriminator
        self.fields: dict[str, Field] = {}
        offset = len(discriminator)
        for word in spec.split():
            field, kind = word.split(":")
            if kind[0] in "ui":
                size, kind = int(kind[1:]) // 8, kind[0]
            else:
                size, kind = 32 if kind == "key" else int(kind), "bytes"
            self.fields[field] = Field(offset, size, kind)
            offset += size
        self.size = offset

    def decode(self, data: bytes) -> dict[str, Value]:
        """Returns all fields; trailing bytes, if any, are under `tail`. Raises `ValueError`."""
        if len(data) < self.size or data[: len(self.discriminator)] != self.discriminator:
            msg = f"{self.name}: size was {len(data)}, discriminator {data[: len(self.discriminator)].hex()}"
            raise ValueError(msg)
        found: dict[str, Value] = {name: _read(data, field) for name, field in self.fields.items()}
        if len(data) > self.size:
            found["tail"] = bytes(data[self.size :])
        return found

    def encode(self, **values: Value) -> bytes:
        """Returns an account's bytes; fields not given are zero. Raises `ValueError` for an unknown or too big one."""
        tail = values.pop("tail", b"")
        if not isinstance(tail, bytes):
            msg = f"{self.name}: tail was {tail!r}"
            raise ValueError(msg)
        data = self.discriminator + bytes(self.size - len(self.discriminator)) + tail
        return self.patch(data, **values)

    def patch(self, data: bytes, **values: Value) -> bytes:
        """Returns `data` with these fields changed and every other byte as it was. Raises `ValueError`."""
        out = bytearray(data)
        for name, value in values.items():
            field = self.fields.get(name)
            if field is None:
                msg = f"{self.name}: no field {name}"
                raise ValueError(msg)
            out[field.offset : field.offset + field.size] = self._bytes(name, field, value)
        return bytes(out)

    def _bytes(self, name: str, field: Field, value: Value) -> bytes:
        if isinstance(value, int) and field.kind != "bytes":
            try:
                return value.to_bytes(field.size, "little", signed=field.kind == "i")
            except OverflowError:
                pass
        elif isinstance(value, bytes) and field.kind == "bytes" and len(value) == field.size:
            return value
        msg = f"{self.name}: {name} was {value!r}"
        raise ValueError(msg)


def _read(data: bytes, field: Field) -> Value:
    raw = bytes(data[field.offset : field.offset + field.size])
    return raw if field.kind == "bytes" else int.from_bytes(raw, "little", signed=field.kind == "i")
