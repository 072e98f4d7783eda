// A stranger to a node, made of js-libp2p. Reads on standard input where the node is and what strangers say to it;
// writes to standard output what it saw.
import { quic } from '@chainsafe/libp2p-quic'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { text } from 'node:stream/consumers'
import { createLibp2p } from 'libp2p'

const AT_ONCE = 4
const PATIENCE = 30_000
// A node shows strangers out after ten seconds: who has more to say goes before, and comes again.
const STAY = 3_000

const hex = bytes => Buffer.from(bytes).toString('hex')
const within = () => ({ signal: AbortSignal.timeout(PATIENCE) })

// Somebody with the key of this seed, or any, who listens nowhere.
async function somebody (seed) {
  const privateKey = seed && await generateKeyPairFromSeed('Ed25519', Buffer.from(seed, 'hex'))
  return createLibp2p({
    privateKey,
    addresses: { listen: [] },
    transports: [tcp(), quic()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    // It asks in between, and ends connections where its question meets another one.
    connectionMonitor: { enabled: false },
    services: { identify: identify({ runOnConnectionOpen: false }), ping: ping({ maxOutboundStreams: 64 }) }
  })
}

// Says something on a stream of its own; returns all that came until the node ended its side, or null if it does not
// speak so.
async function say (connection, protocol, said, leavesOpen) {
  let stream
  try {
    stream = await connection.newStream(protocol, within())
  } catch (error) {
    if (error.name === 'UnsupportedProtocolError') return null
    throw error
  }
  const heard = []
  stream.addEventListener('message', event => heard.push(event.data.subarray()))
  const ended = new Promise((resolve, reject) => {
    stream.addEventListener('end', resolve)
    if (stream.readableEnded) resolve()
    setTimeout(() => reject(new Error(`${protocol} was not ended by the node`)), PATIENCE).unref()
  })
  try {
    if (said.length > 0) stream.send(said)
    if (!leavesOpen) await stream.close(within())
  } catch {
    // The node had heard enough and ended the stream before all was said.
  }
  await ended
  return Buffer.concat(heard)
}

// True if something can still be said on the connection. The library may keep one that is of no use any more, and over
// QUIC a question on one that ends is not given up. What fails for another reason is asked again.
async function isOpen (connection) {
  const gone = new Promise(resolve => connection.addEventListener('close', () => resolve(false)))
  const ask = async () => {
    while (connection.status === 'open') {
      try {
        if (await isAnswered(connection)) return true
      } catch (error) {
        if (error.name === 'ConnectionClosedError') return false
      }
    }
    return false
  }
  const open = await Promise.race([ask(), gone])
  if (!open) connection.abort(new Error('of no use'))
  return open
}

async function isAnswered (connection) {
  const stream = await connection.newStream('/ipfs/ping/1.0.0', within())
  const answered = new Promise(resolve => {
    stream.addEventListener('message', () => resolve(true))
    stream.addEventListener('end', () => resolve(false))
  })
  stream.send(Buffer.alloc(32, 7))
  const answer = await answered
  stream.abort(new Error('heard'))
  return answer
}

async function play (address, { seed, protocol, says, leavesOpen }) {
  const node = await somebody(seed)
  const seen = []
  let connection
  let since
  for (const said of says) {
    if (!seen.at(-1)?.open || performance.now() - since > STAY) {
      await connection?.close(within())
      connection = await node.dial(address, within())
      since = performance.now()
    }
    const begun = performance.now()
    const heard = await say(connection, protocol, Buffer.from(said, 'hex'), leavesOpen)
    const ms = performance.now() - begun
    seen.push({ heard: heard && hex(heard), ms, open: await isOpen(connection) })
  }
  await node.stop()
  return seen
}

async function meet (address, pings) {
  const node = await somebody()
  const connection = await node.dial(address, within())
  const { encryption, multiplexer, remotePeer } = connection
  const raw = await say(connection, '/ipfs/id/1.0.0', Buffer.alloc(0), false)
  const told = await node.services.identify.identify(connection, within())
  const times = []
  while (times.length < pings) {
    const begun = performance.now()
    await node.services.ping.ping(address, within())
    times.push(performance.now() - begun)
  }
  await node.stop()
  return {
    peer: remotePeer.toString(),
    over: [encryption, multiplexer].filter(Boolean),
    raw: hex(raw),
    agent: told.agentVersion,
    protocols: told.protocols,
    addresses: told.listenAddrs.map(String),
    pings: times
  }
}

// Those who leave a stream open wait beside the others, and some come when those have gone.
async function all (address, strangers) {
  const seen = []
  const turn = async some => {
    for (let next = some.shift(); next; next = some.shift()) seen[next.number] = await play(address, next.one)
  }
  const those = how => strangers.map((one, number) => ({ one, number })).filter(({ one }) => how(one))
  const usual = those(one => !one.leavesOpen && !one.late)
  const silent = those(one => one.leavesOpen).map(one => turn([one]))
  await Promise.all([...silent, ...Array.from({ length: AT_ONCE }, () => turn(usual))])
  await turn(those(one => one.late))
  return seen
}

const { address, pings, strangers } = JSON.parse(await text(process.stdin))
const node = multiaddr(address)
console.log(JSON.stringify({ met: await meet(node, pings), seen: await all(node, strangers) }))
