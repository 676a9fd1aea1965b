"""Server certificates for tests of TLS: a good one, and ones that a client must refuse.

Ed25519 keys, signed with the signer that the Solana side has anyway: no certificate library is needed.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import ssl
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from solders.keypair import Keypair

from cambist.simulator.draw import key32

DAY = 86_400
KINDS = ("good", "expired", "wrong-host", "self-signed")
ED25519 = bytes.fromhex("300506032b6570")
"""AlgorithmIdentifier of 1.3.101.112."""


class Certificate(NamedTuple):
    """A certificate and its key in PEM."""

    certificate: str
    key: str
    authority: str
    """What a client is to trust: the test authority's certificate."""

    def server_context(self) -> ssl.SSLContext:
        """Returns a context for a server that shows this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:  # `ssl` loads keys from files only
            chain = Path(folder) / "chain.pem"
            chain.write_text(self.certificate + self.key, encoding="ascii")
            context.load_cert_chain(chain)
        return context

    def client_context(self) -> ssl.SSLContext:
        """Returns a context for a client that trusts the test authority and nobody else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.authority)
        return context


def certificates(host: str = "127.0.0.1", now_s: float | None = None) -> dict[str, Certificate]:
    """Returns certificates for a host: `good`, `expired`, `wrong-host`, `self-signed`."""
    now = int(time.time() if now_s is None else now_s)
    authority = _key("authority")
    root = _certificate("cambist test authority", authority, "cambist test authority", authority, now, ca=True)
    trusted = _pem("CERTIFICATE", root)
    found = {}
    for kind in KINDS:
        key = _key(kind)
        signer, issuer = (key, kind) if kind == "self-signed" else (authority, "cambist test authority")
        start = now - 30 * DAY if kind == "expired" else now - DAY
        names = "elsewhere.invalid" if kind == "wrong-host" else host
        made = _certificate(kind, key, issuer, signer, start, host=names, days=29 if kind == "expired" else 365)
        secret = _seq(_int(0), ED25519, _der(0x04, _der(0x04, key.secret())))
        found[kind] = Certificate(_pem("CERTIFICATE", made), _pem("PRIVATE KEY", secret), trusted)
    return found


def _key(name: str) -> Keypair:
    return Keypair.from_seed(key32("cambist test certificate", name))


def _certificate(
    name: str,
    key: Keypair,
    issuer: str,
    signer: Keypair,
    start_s: int,
    *,
    host: str = "",
    days: int = 365,
    ca: bool = False,
) -> bytes:
    """Returns a version 3 certificate in DER."""
    extensions = [
        _extension("551d0e", _der(0x04, _key_id(key))),
        _extension("551d23", _seq(_der(0x80, _key_id(signer)))),
        _extension("551d13", _seq(_der(0x01, b"\xff")) if ca else _seq(), critical=True),
        _extension("551d0f", _der(0x03, b"\x02\x04" if ca else b"\x07\x80"), critical=True),
    ]
    if host:
        extensions.append(_extension("551d11", _seq(_general_name(host))))
        extensions.append(_extension("551d25", _seq(bytes.fromhex("06082b06010505070301"))))
    body = _seq(
        _der(0xA0, _int(2)),
        _int(int.from_bytes(key32(name, start_s)[:8]) >> 1),
        ED25519,
        _name(issuer),
        _seq(_time(start_s), _time(start_s + days * DAY)),
        _name(name),
        _seq(ED25519, _der(0x03, b"\0" + bytes(key.pubkey()))),
        _der(0xA3, _seq(*extensions)),
    )
    return _seq(body, ED25519, _der(0x03, b"\0" + bytes(signer.sign_message(body))))


def _general_name(host: str) -> bytes:
    try:
        return _der(0x87, ipaddress.ip_address(host).packed)
    except ValueError:
        return _der(0x82, host.encode("ascii"))


def _key_id(key: Keypair) -> bytes:
    return hashlib.sha256(bytes(key.pubkey())).digest()[:20]


def _extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    flag = [_der(0x01, b"\xff")] if critical else []
    return _seq(_der(0x06, bytes.fromhex(oid)), *flag, _der(0x04, value))


def _name(text: str) -> bytes:
    common_name = _seq(bytes.fromhex("0603550403"), _der(0x0C, text.encode()))
    return _seq(_der(0x31, common_name))


def _time(seconds: int) -> bytes:
    moment = time.gmtime(seconds)
    if moment.tm_year < 2050:
        return _der(0x17, time.strftime("%y%m%d%H%M%SZ", moment).encode())
    return _der(0x18, time.strftime("%Y%m%d%H%M%SZ", moment).encode())


def _int(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1))


def _seq(*parts: bytes) -> bytes:
    return _der(0x30, b"".join(parts))


def _der(tag: int, value: bytes) -> bytes:
    size = len(value)
    if size < 0x80:
        return bytes((tag, size)) + value
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + value


def _pem(label: str, der: bytes) -> str:
    text = base64.b64encode(der).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"
