"""Strangers come to Ana's node with js-libp2p and py-libp2p, and leave as they came; first at home, where others do not
reach it, and then at an address that anybody can route to.

Bo has a mailbox at Ana's node and, where that can be, is reached through it. Chi is a contact whose own node keeps a
part of the DHT. Dee scans Ana's code when all strangers have been there.
Usage: story.py NODE FOLDER, the Node.js and the folder with what stranger.mjs imports.
"""
import json
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median

import asks
from doors import Doors
from from_spec import Code, frame, hello_tag, peer_id, responder_proof
from judge import PROTOCOLS, PUBLIC_PROTOCOLS, RELAYED_PROTOCOLS, Leak
from judge import expect, heard_nothing_new, identified, telling
from people import Person
from says import HELLO, Crowd

PINGS = 20
HERE = pathlib.Path(__file__).parent
IDENTIFY = "/ipfs/id/1.0.0"  # asked by everybody who comes
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass
class Place:
    """Where Ana's node is."""

    name: str
    ana: list
    is_public: bool
    protocols: set


HOME = Place("at home", ["/ip4/127.0.0.1", "/ip6/::1"], False, PROTOCOLS)
# Addresses that are set aside for documentation; run.sh gives them to loopback in a network of its own.
SERVER = Place("where others reach it", ["/ip4/203.0.113.10", "/ip6/2001:db8::10"], True, PUBLIC_PROTOCOLS)
CHI, ELSEWHERE = "/ip4/203.0.113.11", "203.0.113.12"


def key_of(peer):
    """The Ed25519 key that a PeerId is made of."""
    number = 0
    for letter in peer:
        number = number * 58 + BASE58.index(letter)
    return number.to_bytes(38, "big")[-32:]


def strangers_of(node_key, ana_codes, bo_code, seed):
    """Those who try what is Kith's own."""
    crowd = Crowd(seed)
    draw, live = random.Random(seed).randbytes, next(iter(ana_codes.values()))
    crowd.hellos(node_key, "nothing", draw(16), draw(32))
    for name, code in ana_codes.items():
        crowd.hellos(node_key, f"the locator of {name}", code.locator, code.hello_key)
    crowd.letters("nothing", draw(16))
    crowd.letters("the locator of a code", live.locator)
    crowd.parcels("nothing", draw(16))
    crowd.parcels("the label of a code", bo_code.mailbox_label)
    crowd.silence("nothing", draw(16))
    crowd.silence("the locator of a code", live.locator)
    for name, code in ana_codes.items():

        def is_reply(me, nonce, heard, key=code.hello_key):
            answered = heard[3:19]
            return heard == b"\x00\x31\x02" + answered + responder_proof(key, me, node_key, nonce, answered)

        def hello(me, nonce, code=code):
            return b"\x01" + code.locator + nonce + hello_tag(code.hello_key, me, node_key, nonce)

        crowd.who_holds_a_code(name, hello, is_reply)

    def is_door(heard):
        return heard[2:3] == b"\x01" and int.from_bytes(heard[:2], "big") == len(heard) - 2 <= 1025

    crowd.who_may_leave_something("Bo's code", bo_code.mailbox_label, bo_code.mailbox_token, is_door)
    return crowd


def send(client, address, strangers, pings=1, through=None):
    """Lets a client say everything, or come to somebody else through the node; returns what it saw."""
    said = [who.to_json() for who in strangers]
    task = {"address": address, "pings": pings, "strangers": said, "through": through}
    ran = subprocess.run(client, input=json.dumps(task), capture_output=True, text=True, timeout=300)
    if ran.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, client))} failed: {ran.stderr}")
    return json.loads(ran.stdout)


def has_ip6():
    try:
        with socket.socket(socket.AF_INET6) as one:
            one.bind(("::1", 0))
        return True
    except OSError:
        return False


def give_away(people, codes):
    """All that no answer may hold."""
    ana, bo = people[:2]
    secrets = telling(
        [ana.name, "Valves Managing director Lindqvist Brewing Hannover Messe"],
        [who.status()["identity"] for who in people],
        [str(ana.home), bo.peer, "ana@"] + [name for name in [socket.gethostname()] if len(name) > 4],
    )
    secrets[key_of(bo.peer).lower()] = "the PeerId of Bo"
    for name, code in codes.items():
        for what in ("key", "secret", "shared", "hello_key", "mailbox_token"):
            secrets[getattr(code, what).lower()] = f"the {what} of {name}"
    return secrets


def clients_of(ana, node_js, modules):
    """Who comes over which address: each program over each transport that it can, by IPv4 and IPv6 in turn."""
    js, py = [node_js, modules / "stranger.mjs"], [sys.executable, HERE / "stranger.py"]
    listening = ana.status()["listening"]

    def at(version, way):
        found = [one for one in listening if one.startswith(f"/ip{version}/") and way in one]
        return f"{found[0]}/p2p/{ana.peer}"

    other = 6 if any(one.startswith("/ip6/") for one in listening) else 4
    # Not py-libp2p over QUIC: version 0.8.1 connects, and then does not read all that the node answers.
    return {
        f"js-libp2p over TCP, IPv{other}": (js, at(other, "/tcp/")),
        "js-libp2p over QUIC, IPv4": (js, at(4, "/quic-v1")),
        "py-libp2p over TCP, IPv4": (py, at(4, "/tcp/")),
    }


def crowd_of(name, place, people, codes, all_of_it):
    """Everybody who comes with one program; those who try what is Kith's own only if `all_of_it`."""
    ana, bo, *others = people
    seed = f"{name}, {place.name}"
    crowd = strangers_of(key_of(ana.peer), *codes, seed) if all_of_it else Crowd(seed)
    if place.is_public:
        reserved, contact = (peer_id(key_of(who.peer)) for who in (bo, others[0]))
        asks.of_a_public_node(crowd, reserved, contact, {contact})
    else:
        asks.of_a_home(crowd)
    return crowd


def judge(name, place, ana, secrets, strangers, saw):
    """Ends the story if somebody was told too much."""
    met, seen = saw["met"], saw["seen"]
    try:
        addresses = {one for one in ana.status()["listening"] if place.is_public}
        identified(met, ana.peer, key_of(ana.peer), place.protocols, addresses, secrets)
        heard_nothing_new(strangers, seen, secrets)
    except Leak as leak:
        raise SystemExit(f"LEAKED to {name}: {leak}") from None
    said = sum(len(who.says) for who in strangers)
    shown = f"{met['agent']}, {len(met['protocols'])} protocols, {len(met['addresses'])} addresses, no name"
    print(f"{name} ({', '.join(met['over'])}): {shown};")
    print(f"  {len(strangers)} strangers said {said} things and learnt nothing.")


def comes_through(client, bo):
    """Somebody who knows Bo's PeerId comes to his node through Ana's, and is told neither what it is nor where."""
    hello, connect = frame(b"\x01" + bytes(48)), asks.connect(peer_id(key_of(bo.peer)))
    through = {"peer": bo.peer, "connect": connect.hex(), "protocol": HELLO, "said": hello.hex()}
    through["protocols"] = sorted(PUBLIC_PROTOCOLS)
    saw = send(*client, [], through=through)
    try:
        expect(bytes.fromhex(saw["agreed"]) == asks.IS_PASSED_ON, f"Ana's node said {saw['agreed']}")
        spoken = set(saw["spoken"])
        expect(spoken == RELAYED_PROTOCOLS, f"other protocols: {spoken ^ RELAYED_PROTOCOLS}")
        expect(saw["heard"] == "", f"Bo's node answered a hello without its secret: {saw['heard']}")
        expect(saw["told"] == [], f"Bo's node said where it is: {saw['told']}")
    except Leak as leak:
        raise SystemExit(f"LEAKED through Ana's node: {leak}") from None
    print("py-libp2p came to Bo's node through Ana's, and was told nothing there.")


def set_stage(stage, place, people):
    """Starts the nodes and introduces the people; returns Ana's codes and Bo's, which leads to Ana's node."""
    ana, bo, dee, *chi = people[0], people[1], people[-1], *people[2:-1]
    can = [at for at in place.ana if has_ip6() or "/ip6/" not in at]
    ana.up(*can)
    for who in (bo, dee):
        who.up("/ip4/127.0.0.1")
    bo.meets(ana, ana.code())
    for who in chi:
        who.up(CHI)
        who.meets(ana, ana.code())
        bo.until("a way to Bo through Ana's node", "/doctor", lambda seen: "through the node of Ana" in json.dumps(seen))
    front_door = bo.code()
    bo.kith("mailbox", "use", "Ana")
    bo.until("a mailbox at Ana's node", "/mailboxes", lambda all: all and all[0]["state"] == "open")
    live, badge = ana.code("--event", "Hannover Messe"), ana.code("--printed")
    return live, ({"the live code": Code(live), "the badge": Code(badge)}, Code(front_door))


def strangers_come(ana, clients, crowds):
    """Lets everybody come, all programs at once; returns how fast the node answered before, and what they saw."""
    quiet = {name: send(*client, [], PINGS)["met"] for name, client in clients.items()}
    with ThreadPoolExecutor() as pool:
        coming = {name: pool.submit(send, *client, crowds[name].all) for name, client in clients.items()}
        return quiet, {name: future.result() for name, future in coming.items()}


def play(stage, place, all_of_it, node_js, modules):
    begun = time.monotonic()
    ana = Person(stage, "Ana Sousa", org="Sousa Valves", title="Managing director", email="ana@sousa-valves.example")
    bo, dee = Person(stage, "Bo Lindqvist", org="Lindqvist Brewing"), Person(stage, "Dee Okafor")
    people = [ana, bo, *([Person(stage, "Chi Nguyen")] if place.is_public else []), dee]
    doors = Doors([ELSEWHERE] if place.is_public else [], has_ip6())
    try:
        live, codes = set_stage(stage, place, people)
        secrets = give_away(people, {**codes[0], "Bo's code": codes[1]})
        clients = clients_of(ana, node_js, modules)
        crowds = {name: crowd_of(name, place, people, codes, all_of_it) for name in clients}
        for crowd in crowds.values():
            asks.of_any_node(crowd, doors)
            spoken = {who.protocol for who in crowd.all} | {IDENTIFY}
            assert not all_of_it or place.protocols <= spoken, f"nobody asks on {place.protocols - spoken}"
        quiet, saw = strangers_come(ana, clients, crowds)
        for name in clients:
            judge(name, place, ana, secrets, crowds[name].all, saw[name])
        if place.is_public:
            comes_through(clients["py-libp2p over TCP, IPv4"], bo)
        try:
            doors.were_left_alone(len(clients), asks.LEAST_PAID)
        except Leak as leak:
            raise SystemExit(f"MISUSED: {leak}") from None
        pings = "; ".join(f"{name} {median(met['pings']):.2f}" for name, met in quiet.items())
        print(f"ping, ms, median of {PINGS}: {pings}")

        dee.meets(ana, live)
        print("Dee scanned Ana's code after all of them, and they are contacts.")
        print(f"All of it took {time.monotonic() - begun:.0f} s.")
    finally:
        doors.close()
        for who in people:
            who.stop()


def main(folder, node_js, modules):
    places = [HOME, *([SERVER] if "KITH_INTEROP_INSIDE" in os.environ else [])]
    for place in places:
        print(f"Ana's node {place.name}:")
        stage = folder / place.name.replace(" ", "-")
        stage.mkdir()
        # What is Kith's own is the same everywhere.
        play(stage, place, place == places[-1], node_js, modules)


with tempfile.TemporaryDirectory(prefix="kith-interop-") as folder:
    main(pathlib.Path(folder), sys.argv[1], pathlib.Path(sys.argv[2]))
