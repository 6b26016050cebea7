/** All keys that begin with `/`: `0` is the byte after it. */
const ALL = { key: base64('/'), range_end: base64('0') };
const OPERATIONS = 100; // etcd takes 128 in a transaction
/** The API server renews its own Leases there all the time. */
const RESTLESS = '/registry/leases/kube-system/';

interface KeyValue {
  /** key and value in base64 */
  readonly key: string;
  readonly value?: string;
  readonly mod_revision: string;
}

interface Kept {
  readonly value: string;
  /** of etcd, when it was written last */
  revision: string;
}

/** All that an API server keeps in etcd, at one moment; by key in base64. */
export type Snapshot = ReadonlyMap<string, Kept>;

/** The keys behind an API server, over etcd's JSON gateway (etcd 3.x, `/v3/kv`). */
export class EtcdStore {
  constructor(private readonly url: string) {}

  async snapshot(): Promise<Snapshot> {
    const kept = (await this.#range(false)).map(({ key, value = '', mod_revision }): [string, Kept] => [
      key,
      { value, revision: mod_revision },
    ]);
    return new Map(kept);
  }

  async has(key: string): Promise<boolean> {
    const { kvs = [] } = await this.#ask<{ kvs?: KeyValue[] }>('range', { key: base64(key), keys_only: true });
    return kvs.length > 0;
  }

  async delete(key: string): Promise<void> {
    await this.#ask('deleterange', { key: base64(key) });
  }

  /**
   * Makes the keys again what they were. A running API server sees the changes in its watches, as it sees those that another
   * one has made; finalizers have no say.
   *
   * @returns the keys that are gone now, in plain text
   */
  async restore(to: Snapshot): Promise<string[]> {
    const found = new Map((await this.#range(true)).map(({ key, mod_revision }) => [key, mod_revision]));
    const added = [...found.keys()].filter((key) => !to.has(key) && !plain(key).startsWith(RESTLESS));
    const changed = [...to].filter(([key, { revision }]) => found.get(key) !== revision);
    const deletes = added.map((key) => ({ request_delete_range: { key } }));
    for (let i = 0; i < deletes.length; i += OPERATIONS) {
      await this.#ask('txn', { success: deletes.slice(i, i + OPERATIONS) });
    }
    for (const [key, kept] of changed.filter(([key]) => !plain(key).startsWith(RESTLESS))) {
      const { header } = await this.#ask<{ header: { revision: string } }>('put', { key, value: kept.value });
      kept.revision = header.revision;
    }
    return added.map(plain);
  }

  async #range(keysOnly: boolean): Promise<KeyValue[]> {
    const range = { ...ALL, keys_only: keysOnly };
    return (await this.#ask<{ kvs?: KeyValue[] }>('range', range)).kvs ?? [];
  }

  async #ask<T>(what: string, body: unknown): Promise<T> {
    const response = await fetch(`${this.url}/v3/kv/${what}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd ${what}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

function plain(key: string): string {
  return Buffer.from(key, 'base64').toString('utf8');
}
