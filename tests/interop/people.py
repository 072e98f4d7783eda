"""People with a home and a running node each, on loopback."""
import json
import os
import pathlib
import re
import subprocess
import time
import urllib.request

KITH = pathlib.Path("target/release/kith").resolve()
PATIENCE = 60


class Person:
    def __init__(self, stage, name, **card):
        self.name, self.home, self.log = name, stage / name.split()[0], stage / f"{name.split()[0]}.log"
        self.kith("init", "--name", name, *(part for field, value in card.items() for part in ("--" + field, value)))
        self.node = None

    def kith(self, *args):
        said = subprocess.run([KITH, "--home", self.home, *args], capture_output=True, text=True, timeout=PATIENCE)
        if said.returncode != 0:
            raise SystemExit(f"{self.name}: kith {' '.join(args)}: {said.stdout}{said.stderr}")
        return said.stdout

    def up(self, *places):
        """Starts the node, which listens in these places, such as /ip4/127.0.0.1, over TCP and QUIC."""
        ways = [f"{place}{way}" for place in places for way in ("/tcp/0", "/udp/0/quic-v1")]
        listen = [part for way in ways for part in ("--listen", way)]
        env = {**os.environ, "KITH_LOG": "libp2p_swarm=info,warn"}
        command = [KITH, "--home", self.home, "up", "--web", "127.0.0.1:0", *listen]
        with self.log.open("w") as log:
            self.node = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=env)
        for line in self.node.stdout:
            if line.startswith("Stop it with"):
                return
        raise SystemExit(f"{self.name}'s node does not run: {self.log.read_text()}")

    def stop(self):
        if self.node and self.node.poll() is None:
            self.node.terminate()
            self.node.wait(PATIENCE)

    @property
    def peer(self):
        """The PeerId, as the node itself says in its log."""
        return re.search(r"local_peer_id=(\w+)", self.log.read_text())[1]

    def status(self):
        return json.loads(self.kith("status", "--json"))

    def code(self, *args):
        return json.loads(self.kith("invite", "--json", *args))["link"]

    def get(self, path):
        node = json.loads((self.home / "running.json").read_text())["api"]
        token = (self.home / "api-token").read_text().strip()
        request = urllib.request.Request(f"http://{node}/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def until(self, what, path, is_so):
        """Looks until it is so."""
        begun = time.monotonic()
        while not is_so(seen := self.get(path)):
            if time.monotonic() - begun > PATIENCE:
                raise SystemExit(f"{self.name}: {what} did not come about: {seen}")
            time.sleep(0.05)
        return seen

    def meets(self, other, link):
        """Scans a code of somebody, and waits until both hold each other."""
        self.kith("scan", link)
        for one, whom in ((self, other), (other, self)):
            one.until(f"{whom.name} is a contact", "/people", lambda seen: is_contact(seen, whom.name))


def is_contact(seen, name):
    return any(person["name"] == name and person["standing"] == "contact" for person in seen["people"])
