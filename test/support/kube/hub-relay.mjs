// Stands where YurtHub stands on a node, 127.0.0.1:10261, and passes everything on to the API server, bearer token included.
// hub-relay.mjs SERVER CA_FILE   Prints a line when it listens.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Agent, request } from 'node:https';

const [server = '', caFile = ''] = process.argv.slice(2);
const agent = new Agent({ ca: readFileSync(caFile), keepAlive: true });

createServer((from, to) => {
  const { host: _, ...headers } = from.headers;
  const sent = request(new URL(from.url ?? '/', server), { agent, method: from.method, headers }, (answer) => {
    to.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(to);
    answer.on('error', () => to.destroy());
  });
  sent.on('error', () => (to.headersSent ? to.destroy() : to.writeHead(502).end()));
  to.on('close', () => sent.destroy());
  from.pipe(sent);
}).listen(10261, '127.0.0.1', () => console.log('up'));
