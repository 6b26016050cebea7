import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import { parse } from 'yaml';

/** A JSON object as an API server sent it. */
export type Json = Record<string, unknown>;

/** An object with the metadata every test looks at. */
export interface Obj extends Json {
  metadata: { name: string; namespace?: string; resourceVersion: string; uid: string; generation?: number } & Json;
}

export interface Answer {
  code: number;
  headers: http.IncomingHttpHeaders;
  text: string;
  /** the parsed body; an empty object where it is no JSON */
  body: Obj;
}

export interface Ask {
  body?: unknown;
  query?: Record<string, string>;
  headers?: Record<string, string>;
}

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data'?: string; 'certificate-authority'?: string } }[];
  users: { user: Record<string, string | undefined> }[];
}

/** An HTTP client without any library between the test and the wire, made from a kubeconfig. */
export class Client {
  private readonly agent: http.Agent;

  private constructor(
    readonly server: string,
    private readonly tls: https.AgentOptions,
    private readonly headers: Record<string, string>,
  ) {
    this.agent = server.startsWith('https:')
      ? new https.Agent({ ...tls, keepAlive: true })
      : new http.Agent({ keepAlive: true });
  }

  static fromKubeconfig(file: string): Client {
    const config = parse(readFileSync(file, 'utf8')) as Kubeconfig;
    const cluster = config.clusters[0]?.cluster;
    const user = config.users[0]?.user ?? {};
    assert.ok(cluster, 'the kubeconfig names a cluster');
    const pem = (data: string | undefined, path: string | undefined): Json[] => {
      if (data !== undefined) return [{ pem: Buffer.from(data, 'base64') }];
      return path === undefined ? [] : [{ pem: readFileSync(path) }];
    };
    const tls: https.AgentOptions = {};
    for (const { pem: ca } of pem(cluster['certificate-authority-data'], cluster['certificate-authority']))
      tls.ca = ca as Buffer;
    for (const { pem: cert } of pem(user['client-certificate-data'], user['client-certificate']))
      tls.cert = cert as Buffer;
    for (const { pem: key } of pem(user['client-key-data'], user['client-key'])) tls.key = key as Buffer;
    const headers: Record<string, string> = user.token === undefined ? {} : { Authorization: `Bearer ${user.token}` };
    return new Client(cluster.server, tls, headers);
  }

  get(path: string, query: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Answer> {
    return this.ask('GET', path, { query, headers });
  }

  post(path: string, body: unknown, query: Record<string, string> = {}): Promise<Answer> {
    return this.ask('POST', path, { body, query });
  }

  put(path: string, body: unknown): Promise<Answer> {
    return this.ask('PUT', path, { body });
  }

  /** @param type the word before `-patch+json` */
  patch(path: string, type: 'merge' | 'json' | 'strategic-merge', body: unknown): Promise<Answer> {
    return this.ask('PATCH', path, { body, headers: { 'Content-Type': `application/${type}-patch+json` } });
  }

  delete(path: string, body?: unknown): Promise<Answer> {
    return this.ask('DELETE', path, body === undefined ? {} : { body });
  }

  /** Creates and insists that it worked. */
  async make(path: string, body: unknown): Promise<Obj> {
    const answer = await this.post(path, body);
    assert.equal(answer.code, 201, answer.text);
    return answer.body;
  }

  async ask(method: string, path: string, ask: Ask = {}): Promise<Answer> {
    const response = await this.open(method, path, ask);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const isJson = response.headers['content-type']?.startsWith('application/json') === true;
    const body = (isJson ? JSON.parse(text) : {}) as Obj;
    return { code: response.statusCode ?? 0, headers: response.headers, text, body };
  }

  /** Sends a request and hands over the answer as soon as its head is there. */
  open(method: string, path: string, { body, query, headers }: Ask): Promise<http.IncomingMessage> {
    const url = new URL(path, this.server);
    for (const [k, v] of Object.entries(query ?? {})) url.searchParams.set(k, v);
    const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const all = {
      Accept: 'application/json',
      'User-Agent': 'yurtlb-contract',
      ...(payload === undefined
        ? {}
        : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(payload)) }),
      ...this.headers,
      ...headers,
    };
    const send = url.protocol === 'https:' ? https.request : http.request;
    return new Promise((resolve, reject) => {
      const request = send(url, { method, headers: all, agent: this.agent, ...this.tls }, resolve);
      request.once('error', reject);
      request.end(payload);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
