"""JSON-RPC 2.0: errors, envelopes and dispatch, for single requests and batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
NAMED = frozenset({"qn_estimatePriorityFees"})
"""Methods whose parameters come by name."""
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
PREFLIGHT_FAILURE = -32002
SIGNATURE_FAILURE = -32003
SLOT_NOT_REACHED = -32016

encode = msgspec.json.Encoder().encode


class RpcError(Exception):
    """An answer that is a JSON-RPC error."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.code, self.data = code, data


class Raw:
    """A result that is JSON already."""

    __slots__ = ("text",)

    def __init__(self, text: bytes) -> None:
        self.text = text


def invalid(message: str) -> RpcError:
    """Returns the error for wrong parameters."""
    return RpcError(INVALID_PARAMS, message)


def error_body(code: int, message: str, request_id: object, data: object = None) -> bytes:
    """Returns an error answer."""
    error: dict[str, Any] = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    return encode({"jsonrpc": "2.0", "error": error, "id": request_id})


def result_body(result: object, request_id: object) -> bytes:
    """Returns an answer."""
    text = result.text if isinstance(result, Raw) else encode(result)
    return b'{"jsonrpc":"2.0","result":' + text + b',"id":' + encode(request_id) + b"}"


def answer(body: bytes, call: Callable[[str, list[Any]], object], max_batch: int = 100) -> bytes:
    """Returns the answer to a request or batch; empty if it holds only notifications. `call` may raise `RpcError`."""
    try:
        request = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return error_body(PARSE_ERROR, "Parse error", None)
    if isinstance(request, list):
        if not request or len(request) > max_batch:
            return error_body(INVALID_REQUEST, "Invalid request", None)
        answers = [text for item in request if (text := _one(item, call))]
        return b"[" + b",".join(answers) + b"]" if answers else b""
    return _one(request, call)


def _one(request: object, call: Callable[[str, list[Any]], object]) -> bytes:
    if not isinstance(request, dict):
        return error_body(INVALID_REQUEST, "Invalid request", None)
    request_id = request.get("id")
    if not (request_id is None or isinstance(request_id, int | str)) or isinstance(request_id, bool):
        return error_body(INVALID_REQUEST, "Invalid request", None)
    method, params = request.get("method"), request.get("params", [])
    if method in NAMED and isinstance(params, dict):
        params = [params]
    if request.get("jsonrpc") != "2.0" or not isinstance(method, str) or not isinstance(params, list | None):
        return error_body(INVALID_REQUEST, "Invalid request", request_id)
    try:
        result = call(method, params or [])
    except RpcError as error:
        text = error_body(error.code, str(error), request_id, error.data)
    else:
        text = result_body(result, request_id)
    return text if "id" in request else b""


def raw_json(text: bytes) -> msgspec.Raw:
    """Returns JSON text to be put into a larger value as it is."""
    return msgspec.Raw(text)
