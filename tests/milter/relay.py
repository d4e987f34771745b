# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""A content filter that finds nothing: hands every byte on to the port that takes filtered mail."""

import asyncio
import threading


class Relay:
    """Serves in a thread of its own. `count` is the number of connections so far."""

    def __init__(self, listen, target):
        self.listen, self.target, self.count = listen, target, 0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        asyncio.run_coroutine_threadsafe(self.start(), self.loop).result()

    async def start(self):
        await asyncio.start_server(self.connected, *self.listen)

    async def connected(self, reader, writer):
        self.count += 1
        onward = await asyncio.open_connection(*self.target)
        await asyncio.gather(self.pump(reader, onward[1]), self.pump(onward[0], writer))

    @staticmethod
    async def pump(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
