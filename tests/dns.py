"""A small DNS server on loopback, over UDP and TCP, that answers what the test says."""

import socket
import socketserver
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from dns import flags, message, rcode, rdatatype, rrset

from tests.processes import free_port


@dataclass
class Zone:
    """``texts`` by name; ``code`` answers every question; ``silent`` answers none, nor do
    ``silent_names``.
    """

    port: int = 0
    texts: dict[str, list[str]] = field(default_factory=dict)
    code: str = ""
    silent: bool = False
    silent_names: set[str] = field(default_factory=set)
    before_answer: Callable[[], object] = bool
    asked: list[str] = field(default_factory=list)

    @property
    def resolvers(self) -> str:
        """What DNS_RESOLVERS must be for this server to be asked."""
        return f"127.0.0.1:{self.port}"

    def answer(self, wire: bytes, *, over_tcp: bool) -> bytes:
        self.before_answer()
        query = message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        if name in self.silent_names:
            return b""
        reply = message.make_response(query)
        reply.flags |= flags.RA
        if self.code:
            reply.set_rcode(rcode.from_text(self.code))
        elif name not in self.texts:
            reply.set_rcode(rcode.NXDOMAIN)
        elif self.texts[name] and question.rdtype == rdatatype.TXT:
            texts = [quoted(text) for text in self.texts[name]]
            reply.answer.append(rrset.from_text_list(question.name, 60, "IN", "TXT", texts))
        packed = reply.to_wire(max_size=65_535)
        if not over_tcp and len(packed) > 512:
            reply.answer.clear()
            reply.flags |= flags.TC
            packed = reply.to_wire()
        return packed


def quoted(text: str) -> str:
    """A TXT record holds strings of at most 255 bytes each."""
    parts = [text[n : n + 200] for n in range(0, len(text), 200)] or [""]
    return " ".join('"{}"'.format(part.replace('"', '\\"')) for part in parts)


class OverUdp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        wire, connection = self.request
        zone = self.server.zone
        if not zone.silent and (reply := zone.answer(wire, over_tcp=False)):
            connection.sendto(reply, self.client_address)


class OverTcp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        size = int.from_bytes(self.request.recv(2, socket.MSG_WAITALL), "big")
        wire = self.request.recv(size, socket.MSG_WAITALL)
        reply = self.server.zone.answer(wire, over_tcp=True)
        self.request.sendall(len(reply).to_bytes(2, "big") + reply)


@contextmanager
def dns_server() -> Iterator[Zone]:
    """A running server on a free port of 127.0.0.1."""
    zone = Zone(port=free_port())
    place = ("127.0.0.1", zone.port)
    servers: list[Any] = [
        socketserver.UDPServer(place, OverUdp),
        socketserver.TCPServer(place, OverTcp),
    ]
    for server in servers:
        server.zone = zone
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield zone
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
