// Runs where the API server is reached: creator.mjs SERVER CA_FILE TOKEN_FILE
// For each line on standard input, {"path", "object"}, creates the object and prints {"kind": "created", name, sentMs, returnedMs,
// status}. Watches Services meanwhile and prints {"kind": "addressed", name, ip, atMs} when one first shows an address. Prints
// {"kind": "ready"} once the watch stands. One connection is kept for creating, so that no handshake is measured.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { createInterface } from 'node:readline';

const [server = '', caFile = '', tokenFile = ''] = process.argv.slice(2);
const headers = { authorization: `Bearer ${readFileSync(tokenFile, 'utf8')}`, 'content-type': 'application/json' };
const ca = readFileSync(caFile);
const agent = new Agent({ ca, keepAlive: true, maxSockets: 1 });
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** The wall clock with fractions, tied anew at each start of a run: a clock that is slewed would drift away. */
let offsetMs = performance.timeOrigin;
const nowMs = () => offsetMs + performance.now();
function tieClock() {
  const from = Date.now();
  let ticked = from;
  while (ticked === from) ticked = Date.now();
  offsetMs = ticked - performance.now();
}

const said = new Set();
function onEvent(line) {
  const { object } = JSON.parse(line);
  const ip = object.status?.loadBalancer?.ingress?.[0]?.ip;
  if (ip === undefined || said.has(object.metadata.uid)) return;
  said.add(object.metadata.uid);
  print({ kind: 'addressed', name: object.metadata.name, ip, atMs: nowMs() });
}

request(new URL('/api/v1/services?watch=1', server), { ca, headers }, (answer) => {
  createInterface({ input: answer }).on('line', onEvent);
  print({ kind: 'ready' });
}).end();

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { path, object } = JSON.parse(line);
    const body = JSON.stringify(object);
    tieClock();
    const sentMs = nowMs();
    const sent = request(new URL(path, server), { agent, method: 'POST', headers }, (answer) => {
      answer.resume().on('end', () => {
        print({ kind: 'created', name: object.metadata.name, sentMs, returnedMs: nowMs(), status: answer.statusCode });
      });
    });
    sent.end(body);
  })
  .on('close', () => process.exit());
