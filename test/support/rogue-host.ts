// A host on the LAN that means ill, as a process of its own: floods members with junk, forged and replayed datagrams and with
// calls, for a while. Reads what a sniffer recorded (hex, one datagram a line, then an empty line) from its standard input.
// Ends with a JSON line that says what it sent.  rogue-host.ts MS TARGET...
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { connect as tlsConnect } from 'node:tls';
import { encodeHello } from '../../edge-speaker/src/session/hello.ts';
import { PoolKeyRing } from '../../edge-speaker/src/session/pool-keys.ts';

const PORT = 10373;
const EVERY_MS = 5;
/** Datagrams to each member each time: some 4,000 a second, twenty times what a pool of ten sends. */
const DATAGRAMS = 20;
/** Calls to each member each time they are made. */
const CALLS_EVERY_MS = 50;
const TYPE_AT = 3;
const SEQUENCE_AT = 16;
const [ms = '0', ...targets] = process.argv.slice(2);

const recorded: Buffer[] = [];
const lines = createInterface({ input: process.stdin });
for await (const line of lines) {
  if (line === '') break;
  recorded.push(Buffer.from(line, 'hex'));
}
lines.close();

/** The key of another NodePool of the same cluster, which has another secret or another name. */
const foreign = new PoolKeyRing([{ id: 'key-1', secret: Buffer.alloc(32, 7) }], 'shanghai').keys[0];
if (foreign === undefined) throw new Error('no key');
const hello = { incarnation: 1n, configHash: Buffer.alloc(8), deadMs: 350, tcpPort: PORT, udpPort: PORT };
const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(Math.random() * from.length)];

function changed(bytes: Buffer | undefined, at: number): Buffer {
  const copy = Buffer.from(bytes ?? '');
  if (copy.length > at) copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

const ofType = (type: number) => recorded.filter((bytes) => bytes[TYPE_AT] === type);
const made: readonly (() => Buffer)[] = [
  () => randomBytes(64),
  () => randomBytes(60_000),
  () => pick(recorded) ?? Buffer.alloc(0),
  () => changed(pick(ofType(1)), 41), // another name
  () => changed(pick(ofType(2)), SEQUENCE_AT + 2), // from the future
  () => changed(pick(ofType(2)), 8), // of another session
  () => encodeHello({ ...hello, node: 'a' }, foreign),
];

const udp = createSocket('udp4').on('error', () => {});
const sent = { datagrams: 0, calls: 0 };
const open = new Set<{ destroy(): unknown }>();
function call(host: string): void {
  const keep = (socket: ReturnType<typeof connect>) => {
    open.add(socket.on('error', () => {}));
    socket.once('close', () => open.delete(socket));
    sent.calls += 1;
  };
  const oversized = Buffer.alloc(64 * 1024, 0xff);
  const loud = connect(PORT, host, () => loud.write(oversized));
  keep(loud);
  keep(connect(PORT, host)); // says nothing
  for (const identity of [foreign?.identity ?? '', 'yurtlb/1 key-1 0000000000000000']) {
    const psk = foreign?.psk ?? Buffer.alloc(32);
    const ciphers = 'TLS_AES_128_GCM_SHA256';
    keep(tlsConnect({ host, port: PORT, ciphers, minVersion: 'TLSv1.3', pskCallback: () => ({ identity, psk }) }));
  }
}

const endMs = performance.now() + Number(ms);
let callMs = 0;
while (performance.now() < endMs) {
  for (const target of targets) {
    for (let i = 0; i < DATAGRAMS; i++) {
      // Large ones are rare: they are cheap to drop and dear to send.
      const make = pick(i === 0 ? made : made.filter((_, kind) => kind !== 1));
      if (make !== undefined) udp.send(make(), PORT, target, () => {});
      sent.datagrams += 1;
    }
    if (performance.now() >= callMs) call(target);
  }
  if (performance.now() >= callMs) callMs = performance.now() + CALLS_EVERY_MS;
  await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
}
for (const socket of open) socket.destroy();
udp.close();
await once(udp, 'close');
process.stdout.write(`${JSON.stringify(sent)}\n`);
