"""Swap results recorded from the programs themselves, beside the project."""

import base64
import json
from functools import cache
from typing import Any

from backports import zstd

from tests.shared import shared_data


@cache
def load(name: str) -> Any:
    return json.loads(zstd.decompress(shared_data("svm_vectors", f"{name}.json.zst").read_bytes()))


def account_bytes(account: dict[str, Any]) -> bytes:
    return base64.b64decode(account["data"])
