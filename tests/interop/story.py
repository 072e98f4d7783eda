"""Strangers come to Ana's node with js-libp2p and py-libp2p, and leave as they came.

Bo has a mailbox at Ana's node. Chi scans Ana's code when all strangers have been there.
Usage: story.py NODE FOLDER, the Node.js and the folder with what stranger.mjs imports.
"""
import json
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from from_spec import Code, hello_tag, responder_proof
from judge import Leak, heard_nothing_new, identified, telling
from people import Person
from says import Crowd

PINGS = 20
HERE = pathlib.Path(__file__).parent
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def key_of(peer):
    """The Ed25519 key that a PeerId is made of."""
    number = 0
    for letter in peer:
        number = number * 58 + BASE58.index(letter)
    return number.to_bytes(38, "big")[-32:]


def strangers_of(node_key, ana_codes, bo_code, seed):
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
    return crowd.all


def send(client, address, strangers, pings=1):
    """Lets a client say everything; returns what it saw."""
    task = {"address": address, "pings": pings, "strangers": [who.to_json() for who in strangers]}
    ran = subprocess.run(client, input=json.dumps(task), capture_output=True, text=True, timeout=300)
    if ran.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, client))} failed: {ran.stderr}")
    return json.loads(ran.stdout)


def play(stage, node_js, modules):
    ana = Person(stage, "Ana Sousa", org="Sousa Valves", title="Managing director", email="ana@sousa-valves.example")
    bo, chi = Person(stage, "Bo Lindqvist", org="Lindqvist Brewing"), Person(stage, "Chi Nguyen")
    try:
        for who in (ana, bo, chi):
            who.up()
        bo.meets(ana, ana.code())
        front_door = Code(bo.code())
        bo.kith("mailbox", "use", "Ana")
        bo.until("a mailbox at Ana's node", "/mailboxes", lambda all: all and all[0]["state"] == "open")
        live, badge = ana.code("--event", "Hannover Messe"), ana.code("--printed")
        codes = {"the live code": Code(live), "the badge": Code(badge)}

        secrets = telling(
            [ana.name, "Valves Managing director Lindqvist Brewing Hannover Messe"],
            [who.status()["identity"] for who in (ana, bo)],
            [str(stage), bo.peer, "ana@"] + [name for name in [socket.gethostname()] if len(name) > 4],
        )
        secrets[key_of(bo.peer).lower()] = "the PeerId of Bo"
        node_key = key_of(ana.peer)
        listening = sorted(ana.status()["listening"], key=lambda address: "/quic" in address)
        tcp, quic = (f"{address}/p2p/{ana.peer}" for address in listening)
        js, py = [node_js, modules / "stranger.mjs"], [sys.executable, HERE / "stranger.py"]
        # Not py-libp2p over QUIC: version 0.8.1 connects, and then does not read all that the node answers.
        clients = {"js-libp2p over TCP": (js, tcp), "js-libp2p over QUIC": (js, quic), "py-libp2p over TCP": (py, tcp)}

        crowds = {name: strangers_of(node_key, codes, front_door, name) for name in clients}
        quiet = {name: send(*client, [], PINGS)["met"] for name, client in clients.items()}
        with ThreadPoolExecutor() as pool:
            running = {name: pool.submit(send, *clients[name], crowds[name]) for name in clients}
            saw = {name: future.result() for name, future in running.items()}
        for name, client in saw.items():
            strangers, (met, seen) = crowds[name], (client["met"], client["seen"])
            try:
                identified(met, ana.peer, node_key, secrets)
                heard_nothing_new(strangers, seen, secrets)
            except Leak as leak:
                raise SystemExit(f"LEAKED to {name}: {leak}") from None
            said = sum(len(who.says) for who in strangers)
            shown = f"{met['agent']}, {len(met['protocols'])} protocols, no address, no name"
            print(f"{name} ({', '.join(met['over'])}): {shown};")
            print(f"  {len(strangers)} strangers said {said} things and learnt nothing.")
        pings = "; ".join(f"{name} {median(met['pings']):.2f}" for name, met in quiet.items())
        print(f"ping, ms, median of {PINGS}: {pings}")

        chi.meets(ana, live)
        print("Chi scanned Ana's code after all of them, and they are contacts.")
    finally:
        for who in (ana, bo, chi):
            who.stop()


with tempfile.TemporaryDirectory(prefix="kith-interop-") as folder:
    play(pathlib.Path(folder), sys.argv[1], pathlib.Path(sys.argv[2]))
