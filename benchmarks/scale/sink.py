"""``python -m benchmarks.scale.sink``: an SMTP server that takes every letter and looks at none.

It prints its port, and when its input ends, how many connections there were, and the recipients
in the order in which they came.
"""

import asyncio
import sys
from contextlib import suppress

END = b"\r\n.\r\n"
CAPABILITIES = b"250-sink\r\n250 8BITMIME\r\n"


class Sink:
    """What came, and how many connections it came on."""

    def __init__(self) -> None:
        self.recipients: list[str] = []
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the other side hangs up, or we end."""
        self.connections += 1
        with suppress(asyncio.CancelledError):
            await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        recipient = ""
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"RCPT":
                recipient = line.decode().partition("<")[2].partition(">")[0]
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(END)
                self.recipients.append(recipient)
            writer.write(CAPABILITIES if verb == b"EHLO" else b"250 OK\r\n")


async def main() -> None:
    sink = Sink()
    server = await asyncio.start_server(sink.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(sink.connections, *sink.recipients, sep="\n", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
