"""Structs as MessagePack in which each is the array of its fields, whatever its JSON looks like."""

from __future__ import annotations

from functools import cache, reduce
from operator import or_
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec


@cache
def arrayed(kind: Any) -> Any:
    """Returns the type whose structs, down to the innermost, are arrays of the same fields in the same order.

    A default counts where no field after it lacks one: what an older writer did not know is missing at the end. What
    is annotated may be bytes, too. Values become each other by `msgspec.convert` from attributes.
    """
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _twin(kind)
    if get_origin(kind) is Annotated:
        return arrayed(get_args(kind)[0]) | bytes
    arguments = tuple(map(arrayed, get_args(kind)))
    if not arguments:
        return kind
    if get_origin(kind) in (UnionType, Union):
        return reduce(or_, arguments)
    return get_origin(kind)[arguments]


def _twin(kind: type[msgspec.Struct]) -> type[msgspec.Struct]:
    types = get_type_hints(kind, include_extras=True)
    fields: list[Any] = []
    optional = True
    for field in reversed(msgspec.structs.fields(kind)):
        optional = optional and not field.required
        if not optional:
            fields.append((field.name, arrayed(types[field.name])))
        elif field.default_factory is not msgspec.NODEFAULT:
            default = msgspec.field(default_factory=field.default_factory)
            fields.append((field.name, arrayed(types[field.name]), default))
        else:
            fields.append((field.name, arrayed(types[field.name]), field.default))
    return msgspec.defstruct(kind.__name__, fields[::-1], array_like=True, forbid_unknown_fields=True, gc=False)
