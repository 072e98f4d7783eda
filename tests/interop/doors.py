"""Doors at which a node might be made to knock: whoever stands behind them notes who comes and what they bring."""
import selectors
import socket
import threading
from collections import Counter

from judge import expect

HERE = "127.0.0.1"


class Doors:
    """Listens by TCP and UDP, on one port, inside this machine and at addresses outside, until it is closed."""

    def __init__(self, outside, has_ip6):
        self._selector = selectors.DefaultSelector()
        self._wakes, self._wakened = socket.socketpair()
        self._selector.register(self._wakened, selectors.EVENT_READ)
        self._port, self._sockets = 0, []
        for place in (HERE, *(["::1"] if has_ip6 else []), *outside):
            self._open(place)
        # Other names for the same doors.
        names = [f"/ip4/{HERE}", "/ip4/0.0.0.0", "/dns4/localhost", f"/ip6/::ffff:{HERE}", "/ip6/::1"]
        self.inside = [f"{name}{way}" for name in names for way in self._ways()]
        self.outside = [f"/ip4/{place}{way}" for place in outside for way in self._ways()]
        self.knocks, self.brought = Counter(), Counter()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _ways(self):
        return f"/tcp/{self._port}", f"/udp/{self._port}/quic-v1"

    def _open(self, place):
        family = socket.AF_INET6 if ":" in place else socket.AF_INET
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            door = socket.socket(family, kind)
            door.bind((place, self._port))
            self._port = door.getsockname()[1]
            if kind == socket.SOCK_STREAM:
                door.listen(64)
            self._selector.register(door, selectors.EVENT_READ, address_of(place) + self._way_of(kind))
            self._sockets.append(door)

    def _way_of(self, kind):
        return self._ways()[kind == socket.SOCK_DGRAM]

    def _watch(self):
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return
                door = key.fileobj
                self.brought[key.data] += take_in(door) if door.type == socket.SOCK_STREAM else len(door.recv(65536))
                self.knocks[key.data] += 1

    def close(self):
        self._wakes.send(b"\0")
        self._thread.join()
        for one in (*self._sockets, self._wakes, self._wakened):
            one.close()

    def were_left_alone(self, paid, price):
        """Judges that nobody knocked inside, and outside only who was paid for it, with less than that cost."""
        expect(set(self.knocks) <= set(self.outside), f"a node was made to knock inside: {dict(self.knocks)}")
        for door in self.outside:
            brought = self.brought[door]
            expect(0 < brought < paid * price, f"{brought} bytes came to {door}, where {paid} paid {price} each")
            if "/tcp/" in door:
                expect(self.knocks[door] == paid, f"{self.knocks[door]} came to {door}, and {paid} had paid")


def take_in(door):
    """How many bytes somebody brings at once, who is then shown out."""
    guest, _ = door.accept()
    with guest:
        guest.settimeout(5)
        try:
            return len(guest.recv(65536))
        except OSError:
            return 0


def address_of(place):
    return f"/ip6/{place}" if ":" in place else f"/ip4/{place}"
