import { strict as assert } from 'node:assert';
import { type Log, silentLog } from '@openyurt/nodepool-types';
import { ApiError } from '../../../cloud-controller/src/kube/api-error.ts';
import type { ApiClient, ApiRequest } from '../../../cloud-controller/src/kube/client.ts';
import { ApiEventRecorder, cutToBytes } from '../../../cloud-controller/src/kube/event-recorder.ts';

interface EventBody {
  note: string;
  reportingInstance: string;
  metadata: { name: string };
}

function recorder(answer: () => void = () => {}, log: Log = silentLog, instance = 'replica') {
  const posted: EventBody[] = [];
  const patched: unknown[] = [];
  const client = {
    async request({ method, body }: ApiRequest) {
      answer();
      if (method === 'POST') posted.push(body as EventBody);
      else patched.push(body);
      return {};
    },
  };
  const { signal } = new AbortController();
  const made = new ApiEventRecorder(client as unknown as ApiClient, instance, log, () => {}, signal);
  return { recorder: made, posted, patched };
}

const web = { kind: 'Service', metadata: { name: 'web', namespace: 'default', uid: 'u' } };
const warning = (note: string) => ({ type: 'Warning', reason: 'ConfigRefused', note }) as const;

describe('Events', () => {
  const cases: { name: string; text: string; max: number; want: string }[] = [
    { name: 'short', text: 'abc', max: 3, want: 'abc' },
    { name: 'long', text: 'abcdefgh', max: 6, want: 'abc…' },
    { name: 'cut between characters', text: 'ääää', max: 7, want: 'ää…' },
    { name: 'cut inside a character', text: 'ääää€', max: 8, want: 'ää…' },
  ];
  for (const { name, text, max, want } of cases) {
    it(`fits bytes: ${name}`, () => assert.equal(cutToBytes(text, max), want));
  }

  it('a long note and a long name of the replica are cut to what the API takes', async () => {
    for (const letter of ['x', 'ä', '€']) {
      const { recorder: events, posted } = recorder(undefined, undefined, letter.repeat(300));
      events.record(web, warning(letter.repeat(2000)));
      await events.flush();
      const [{ note, reportingInstance }] = posted as [EventBody];
      assert.ok(Buffer.byteLength(note) <= 1024 && Buffer.byteLength(note) > 1015, `${Buffer.byteLength(note)} bytes`);
      assert.ok(Buffer.byteLength(reportingInstance) <= 128);
    }
  });

  it('a long object name cut at a dot makes a name that the API takes', async () => {
    const { recorder: events, posted } = recorder();
    events.record({ kind: 'ConfigMap', metadata: { name: `${'a'.repeat(199)}.${'b'.repeat(50)}` } }, warning('x'));
    await events.flush();
    assert.match(posted[0]?.metadata.name ?? '', /^a{199}\.[0-9a-f]{16}$/);
  });

  it('the same text about the same object is a series', async () => {
    const { recorder: events, posted, patched } = recorder();
    for (let i = 0; i < 3; i++) events.record(web, warning('again'));
    await events.flush();
    assert.equal(posted.length, 1);
    assert.deepEqual(
      patched.map((body) => (body as { series: { count: number } }).series.count),
      [2, 3],
    );
  });

  it('a refusal is said once, an API that is away not at all', async () => {
    const said: unknown[] = [];
    let status = 403;
    const refuse = () => {
      throw new ApiError(status, '', `${status}`, undefined);
    };
    const { recorder: events } = recorder(refuse, { ...silentLog, warn: (msg) => said.push(msg) });
    for (const next of [403, 403, 503, 403]) {
      status = next;
      events.record(web, warning(`${Math.random()}`));
      await events.flush();
    }
    assert.deepEqual(said, ['event not written']);
  });
});
