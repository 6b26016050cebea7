// Runs where the API server is reached: client.mjs SERVER CA_FILE TOKEN_FILE
// Watches Services and prints {"kind": "addressed", name, entries, atMs} whenever the number of entries in a status changes.
// For each line on standard input does what it says and prints lines with its `id`:
//   {"do": "create", id, namespace, service, names, connections}  {"kind": "created", id, name, atMs} for each, in the end {"kind": "done", id}
//   {"do": "halt", id}                                            nothing more is created for the command with that id
//   {"do": "get", id, url}                                        {"kind": "got", id, status, body}
//   {"do": "versions", id, path}                                  {"kind": "versions", id, versions: {name: resourceVersion}}
// What is refused ends the process with a word on standard error. Prints {"kind": "ready"} once the watch stands.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createInterface } from 'node:readline';

const [server = '', caFile = '', tokenFile = ''] = process.argv.slice(2);
const headers = { authorization: `Bearer ${readFileSync(tokenFile, 'utf8')}` };
const ca = readFileSync(caFile);
const agent = new https.Agent({ ca, keepAlive: true, maxSockets: 64 });
const METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const NAME = '{{name}}';
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** One request and its whole answer. A URL may be a path of the API server's. */
function ask(url, { method = 'GET', body, accept = '*/*' } = {}) {
  const target = new URL(url, server);
  const ofServer = target.origin === new URL(server).origin;
  const options = ofServer
    ? { method, agent, headers: { ...headers, accept, 'content-type': 'application/json' } }
    : { method, headers: { accept } };
  return new Promise((resolve, reject) => {
    const sent = (target.protocol === 'https:' ? https : http).request(target, options, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode, body: Buffer.concat(chunks).toString() }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const halted = new Set();
const entriesOf = new Map();
function onEvent(line) {
  const atMs = Date.now();
  const { object } = JSON.parse(line);
  const { name } = object.metadata;
  const entries = object.status?.loadBalancer?.ingress?.length ?? 0;
  if ((entriesOf.get(name) ?? 0) !== entries) print({ kind: 'addressed', name, entries, atMs });
  entriesOf.set(name, entries);
}

const DO = {
  /** As many at a time as there are connections; each takes the next name when it has an answer. */
  async create({ id, namespace, service, names, connections }) {
    const text = JSON.stringify({ ...service, metadata: { ...service.metadata, name: NAME } });
    let next = 0;
    const creator = async () => {
      while (next < names.length && !halted.has(id)) {
        const name = names[next++];
        const body = text.replace(NAME, name);
        const answer = await ask(`/api/v1/namespaces/${namespace}/services`, { method: 'POST', body });
        if (answer.status !== 201) throw new Error(`creating ${name}: ${answer.status} ${answer.body}`);
        print({ kind: 'created', id, name, atMs: Date.now() });
      }
    };
    await Promise.all(Array.from({ length: connections }, creator));
    print({ kind: 'done', id });
  },
  async halt({ id }) {
    halted.add(id);
  },
  async get({ id, url }) {
    const unreachable = () => ({ status: 0, body: '' });
    print({ kind: 'got', id, ...(await ask(url).catch(unreachable)) });
  },
  async versions({ id, path }) {
    const { status, body } = await ask(path, { accept: METADATA });
    if (status !== 200) throw new Error(`${path}: ${status} ${body}`);
    const items = JSON.parse(body).items ?? []; // null where there is none
    const versions = items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]);
    print({ kind: 'versions', id, versions: Object.fromEntries(versions) });
  },
};

function fail(error) {
  process.stderr.write(`${error.stack}\n`, () => process.exit(1));
}

https
  .request(new URL('/api/v1/services?watch=1', server), { ca, headers }, (answer) => {
    createInterface({ input: answer }).on('line', onEvent);
    answer.on('end', () => fail(new Error('the watch ended')));
    print({ kind: 'ready' });
  })
  .on('error', fail)
  .end();

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const command = JSON.parse(line);
    DO[command.do](command).catch(fail);
  })
  .on('close', () => process.exit());
