import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Limit } from '../../../cloud-controller/src/kube/limit.ts';

const LONG_MS = 60_000;

describe('limit of a request', () => {
  it('ends what is under way when the time is up', async () => {
    const limit = new Limit(1);
    const why = await new Promise<Error>((resolve) => limit.whenReached(resolve));
    assert.match(why.message, /not within 1 ms/);
    assert.equal(limit.isTimeUp, true);
    assert.equal(limit.reached, why);
  });

  it("ends it when its caller's signal fires, with the caller's reason", () => {
    const stop = new AbortController();
    const limit = new Limit(LONG_MS, stop.signal);
    const ended: Error[] = [];
    limit.whenReached((why) => ended.push(why));
    const reason = new Error('no leader any more');
    stop.abort(reason);
    assert.deepEqual(ended, [reason]);
    assert.equal(limit.isTimeUp, false);
    limit.lift();
  });

  it('ends at once what begins under a signal that has fired', () => {
    const limit = new Limit(LONG_MS, AbortSignal.abort(new Error('gone')));
    const ended: string[] = [];
    limit.whenReached(({ message }) => ended.push(message));
    assert.deepEqual(ended, ['gone']);
    limit.lift();
  });

  it('ends a second try in place of the first', () => {
    const stop = new AbortController();
    const limit = new Limit(LONG_MS, stop.signal);
    const ended: string[] = [];
    limit.whenReached(() => ended.push('first'));
    limit.whenReached(() => ended.push('second'));
    stop.abort();
    assert.deepEqual(ended, ['second']);
    limit.lift();
  });

  it('is not reached any more once lifted, and nothing listens', async () => {
    const stop = new AbortController();
    const limit = new Limit(1, stop.signal);
    limit.lift();
    await sleep(20);
    stop.abort();
    assert.equal(limit.reached, undefined);
    assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
  });

  it('kept open it knows the signal alone', async () => {
    const stop = new AbortController();
    const limit = new Limit(1, stop.signal);
    limit.keepOpen();
    await sleep(20);
    assert.equal(limit.reached, undefined);
    stop.abort();
    assert.notEqual(limit.reached, undefined);
    assert.equal(limit.isTimeUp, false);
  });
});
