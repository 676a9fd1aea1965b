"""Clients of the loopback market, written against the wire formats and not against the simulator."""

import asyncio
import base64
import json
from collections.abc import Callable
from urllib.parse import urlsplit

import websockets
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

USER = Keypair.from_seed(bytes(range(32)))
PROCESSED = {"commitment": "processed"}
BASE64 = {"encoding": "base64", "commitment": "processed"}
ATA = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
TOKEN = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
BUDGET = Pubkey.from_string("ComputeBudget111111111111111111111111111111")
RAYDIUM = Pubkey.from_string("675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8")
RAYDIUM_AUTHORITY = Pubkey.from_string("5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1")


class Http:
    """One keep-alive connection per host."""

    def __init__(self) -> None:
        self._connections: dict[str, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}

    async def raw(self, url: str, data: bytes) -> tuple[int, dict[str, str], bytes]:
        """Sends bytes as they are, reads one answer."""
        host = urlsplit(url).netloc
        if host not in self._connections:
            name, port = host.split(":")
            self._connections[host] = await asyncio.open_connection(name, int(port))
        reader, writer = self._connections[host]
        writer.write(data)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        if headers["connection"] == "close":
            del self._connections[host]
            writer.close()
            await writer.wait_closed()
        return int(head[0].split()[1]), headers, body

    async def post(self, url: str, body: bytes) -> bytes:
        head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        status, _, answer = await self.raw(url, head.encode() + body)
        assert status == 200, answer
        return answer

    async def call(self, url: str, method: str, params: list) -> dict:
        request = {"jsonrpc": "2.0", "id": 5, "method": method, "params": params}
        answer = json.loads(await self.post(url, json.dumps(request).encode()))
        assert answer["id"] == 5
        return answer

    async def get(self, url: str) -> tuple[int, object]:
        target = url.split(urlsplit(url).netloc, 1)[1]
        status, _, body = await self.raw(url, f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        return status, json.loads(body)

    async def aclose(self) -> None:
        for _, writer in self._connections.values():
            writer.close()
            await writer.wait_closed()


class Socket:
    """A WebSocket client."""

    def __init__(self, connection: websockets.ClientConnection) -> None:
        self.connection = connection
        self._next = 0

    async def request(self, method: str, params: list) -> dict:
        """Sends a JSON-RPC request; returns its answer, dropping what comes before."""
        self._next += 1
        number = self._next
        await self.connection.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
        return await self.until(lambda message: message.get("id") == number)

    async def until(self, wanted: Callable[[dict], bool]) -> dict:
        while True:
            message = await self.next()
            if wanted(message):
                return message

    async def next(self) -> dict:
        return json.loads(await asyncio.wait_for(self.connection.recv(), 5.0))

    async def texts_until(self, part: str) -> list[str]:
        """Returns messages up to the first that holds `part`."""
        found = []
        while not found or part not in found[-1]:
            found.append(await asyncio.wait_for(self.connection.recv(), 5.0))
        return found


def connect(url: str) -> websockets.connect:
    return websockets.connect(url, compression=None, max_size=None, max_queue=None)


def associated(owner: Pubkey, mint: str, program: Pubkey = TOKEN) -> Pubkey:
    return Pubkey.find_program_address([bytes(owner), bytes(program), bytes(Pubkey.from_string(mint))], ATA)[0]


def signed(blockhash: str, *instructions: Instruction, signer: Keypair = USER) -> VersionedTransaction:
    message = Message.new_with_blockhash(list(instructions), signer.pubkey(), Hash.from_string(blockhash))
    return VersionedTransaction(message, [signer])


def encoded(transaction: VersionedTransaction) -> str:
    return base64.b64encode(bytes(transaction)).decode()


def limit(units: int) -> Instruction:
    return Instruction(BUDGET, b"\x02" + units.to_bytes(4, "little"), [])


def price(micro_lamports: int) -> Instruction:
    return Instruction(BUDGET, b"\x03" + micro_lamports.to_bytes(8, "little"), [])


def raydium_swap(
    pool: Pubkey, vaults: tuple[Pubkey, Pubkey], source: Pubkey, target: Pubkey, amount: int, least: int
) -> Instruction:
    """Returns SwapBaseInV2, tag 16, written out from the program's own account list."""
    metas = [
        AccountMeta(TOKEN, is_signer=False, is_writable=False),
        AccountMeta(pool, is_signer=False, is_writable=True),
        AccountMeta(RAYDIUM_AUTHORITY, is_signer=False, is_writable=False),
        AccountMeta(vaults[0], is_signer=False, is_writable=True),
        AccountMeta(vaults[1], is_signer=False, is_writable=True),
        AccountMeta(source, is_signer=False, is_writable=True),
        AccountMeta(target, is_signer=False, is_writable=True),
        AccountMeta(USER.pubkey(), is_signer=True, is_writable=False),
    ]
    return Instruction(RAYDIUM, b"\x10" + amount.to_bytes(8, "little") + least.to_bytes(8, "little"), metas)
