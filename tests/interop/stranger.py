"""A stranger to a node, made of py-libp2p. Reads on standard input where the node is and what strangers say to it;
writes to standard output what it saw."""
import json
import logging
import sys
import time

import multiaddr
import trio
from libp2p import new_host
from libp2p.connection_types import ConnectionType
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.custom_types import TProtocol
from libp2p.host.exceptions import StreamFailure
from libp2p.host.ping import PingService
from libp2p.identity.identify.pb.identify_pb2 import Identify
from libp2p.network.connection.raw_connection import RawConnection
from libp2p.network.exceptions import SwarmException
from libp2p.network.stream.exceptions import StreamError
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import info_from_p2p_addr

AT_ONCE = 4
PATIENCE = 30
# A node shows strangers out after ten seconds: who has more to say goes before, and comes again.
STAY = 3


async def begin(host, peer, protocol):
    """A stream of its own, or None if the node does not speak so."""
    try:
        return await host.new_stream(peer, [TProtocol(protocol)])
    except StreamFailure as error:
        if "not supported" in str(error.__cause__):
            return None
        raise


async def speaks(host, peer, protocol):
    """True if the node speaks so, though nothing is said."""
    stream = await begin(host, peer, protocol)
    if stream is not None:
        await stream.reset()
    return stream is not None


async def say(host, peer, protocol, said, leaves_open):
    """Says something on a stream of its own; returns all that came until the node ended its side, or None if it does
    not speak so."""
    stream = await begin(host, peer, protocol)
    if stream is None:
        return None
    try:
        if said:
            await stream.write(said)
        if not leaves_open:
            await stream.close_write()
    except StreamError:
        pass  # The node had heard enough and ended the stream before all was said.
    heard = b""
    try:
        while more := await stream.read(65536):
            heard += more
    except StreamError:
        pass  # It ends so, well or not.
    return heard


async def is_open(host, peer, connection):
    """True if something can still be said on the connection, and not on another one that the library quietly made."""
    question = bytes([7]) * 32
    while connection in host.get_network().get_connections(peer):
        try:
            answered = await say(host, peer, "/ipfs/ping/1.0.0", question, False) == question
        except SwarmException:
            break  # It is kept, though of no use any more.
        except Exception:
            continue
        if answered and connection in host.get_network().get_connections(peer):
            return True
    await host.disconnect(peer)
    return False


async def play(node, stranger):
    host = new_host(key_pair=create_new_key_pair(bytes.fromhex(stranger["seed"])))
    seen, connection, since = [], None, 0
    async with host.run(listen_addrs=[]):
        for said in stranger["says"]:
            with trio.fail_after(PATIENCE):
                if connection is None or not seen[-1]["open"] or time.perf_counter() - since > STAY:
                    await host.disconnect(node.peer_id)
                    await host.connect(node)
                    connection, since = host.get_network().get_connections(node.peer_id)[0], time.perf_counter()
                begun = time.perf_counter()
                heard = await say(host, node.peer_id, stranger["protocol"], bytes.fromhex(said), stranger["leavesOpen"])
                ms = (time.perf_counter() - begun) * 1000
                heard = None if heard is None else heard.hex()
                seen.append({"heard": heard, "ms": ms, "open": await is_open(host, node.peer_id, connection)})
    return seen


async def ask_who(host, peer):
    """What a node says of itself."""
    connection = host.get_network().get_connections(peer)[0].muxed_conn
    raw = await say(host, peer, "/ipfs/id/1.0.0", b"", False)
    told = Identify.FromString(raw[2:])
    return {
        "peer": str(connection.peer_id),
        "over": [type(connection.secured_conn).__name__, type(connection).__name__],
        "raw": raw.hex(),
        "agent": told.agent_version,
        "protocols": list(told.protocols),
        "addresses": [str(multiaddr.Multiaddr(address)) for address in told.listen_addrs],
    }


async def meet(node, pings):
    host = new_host(key_pair=create_new_key_pair())
    async with host.run(listen_addrs=[]):
        with trio.fail_after(PATIENCE):
            await host.connect(node)
            met = await ask_who(host, node.peer_id)
            times, begun = [], time.perf_counter()
            async for _ in PingService(host).ping_iter(node.peer_id, ping_amt=pings):
                times.append((time.perf_counter() - begun) * 1000)
                begun = time.perf_counter()
            return {**met, "pings": times}


async def come_through(node, peer, connect, protocol, said, protocols):
    """Comes to somebody else through the node, as circuit relay v2 has it, and says one thing; returns what it saw, with
    those of the protocols that are spoken there, and what it was told of where that one is."""
    host, peer, told = new_host(key_pair=create_new_key_pair()), ID.from_base58(peer), []

    async def is_told(stream):
        told.append((await stream.read(4096)).hex())
        await stream.reset()

    host.set_stream_handler(TProtocol("/libp2p/dcutr"), is_told)
    async with host.run(listen_addrs=[]):
        with trio.fail_after(PATIENCE):
            await host.connect(node)
            stream = await host.new_stream(node.peer_id, [TProtocol("/libp2p/circuit/relay/0.2.0/hop")])
            await stream.write(bytes.fromhex(connect))
            # The other end waits for our first word, so this is the answer of the node alone.
            agreed = await stream.read(64)
            way = multiaddr.Multiaddr(f"/p2p/{node.peer_id}/p2p-circuit/p2p/{peer}")
            passed_on = RawConnection(stream, True, connection_type=ConnectionType.RELAYED, addresses=[way])
            network = host.get_network()
            secured = await network.upgrader.upgrade_security(passed_on, True, peer)
            await network.add_conn(await network.upgrader.upgrade_connection(secured, peer))
            spoken = [each for each in protocols if await speaks(host, peer, each)]
            # Last: a hello that fails ends the connection.
            heard = await say(host, peer, protocol, bytes.fromhex(said), False)
            heard = None if heard is None else heard.hex()
            return {"agreed": agreed.hex(), "heard": heard, "spoken": spoken, "told": told}


async def main(address, pings, strangers, through):
    node = info_from_p2p_addr(multiaddr.Multiaddr(address))
    if through:
        print(json.dumps(await come_through(node, **through)))
        return
    met, seen, room = await meet(node, pings), [None] * len(strangers), trio.CapacityLimiter(AT_ONCE)

    async def turn(number):
        seen[number] = await play(node, strangers[number])

    async def turn_with_few(number):
        async with room:
            await turn(number)

    # Those who leave a stream open wait beside the others, and some come when those have gone.
    async with trio.open_nursery() as nursery:
        for number, stranger in enumerate(strangers):
            if not stranger["late"]:
                nursery.start_soon(turn if stranger["leavesOpen"] else turn_with_few, number)
    for number, stranger in enumerate(strangers):
        if stranger["late"]:
            await turn(number)
    print(json.dumps({"met": met, "seen": seen}))


logging.disable(logging.CRITICAL)
trio.run(main, *json.load(sys.stdin).values())
