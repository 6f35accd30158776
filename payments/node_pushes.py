"""What a Bitcoin Core family node says unasked, by ZeroMQ: `zmqpubhashblock` and `zmqpubrawtx`.

Every transaction of the network comes by. Only those count whose bytes have a watched script in
them; the look that follows sees what it really is.
"""

import zmq
import zmq.asyncio

from payments.script_filter import ScriptFilter

_BLOCK = b"hashblock"
_TRANSACTION = b"rawtx"
# A block is announced transaction by transaction: room for a whole one, so that no news is lost.
_MESSAGES_KEPT = 20_000


class NodePushes:
    """A subscription in the loop that first waits for it; the connection is made again by itself.

    Raises:
        ValueError: not an address of ZeroMQ.
    """

    def __init__(self, url: str) -> None:
        self._context = zmq.asyncio.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.set_hwm(_MESSAGES_KEPT)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.TCP_KEEPALIVE, 1)
        for topic in (_BLOCK, _TRANSACTION):
            self._socket.setsockopt(zmq.SUBSCRIBE, topic)
        try:
            self._socket.connect(url)
        except zmq.ZMQError as error:
            self.close()
            raise ValueError(f"{url!r} is no address of ZeroMQ, such as tcp://host:port") from error

    async def next(self, watched: ScriptFilter) -> None:
        """Return at a block, or at a transaction that may pay a script that is watched by then."""
        while True:
            topic, body, *_ = await self._socket.recv_multipart()
            if topic == _BLOCK or watched.may_pay(body):
                return

    def close(self) -> None:
        """Let go of the socket."""
        self._context.destroy(linger=0)
