import { strict as assert } from 'node:assert';
import { decodeService, type IpAddress, parseIpAddress } from '@openyurt/nodepool-types';
import { AddressBook } from '../../../cloud-controller/src/ipam/address-book.ts';
import type { Holder } from '../../../cloud-controller/src/ipam/sharing.ts';
import type { Wait } from '../../../cloud-controller/src/plan/plan-service.ts';
import { Waiting } from '../../../cloud-controller/src/reconcile/waiting.ts';
import { MemoryCluster } from './memory-cluster.ts';
import { config, service } from './world.ts';

/** Counts how often it is asked for an address. */
class CountingBook extends AddressBook {
  asked = 0;
  override refusal(nodePool: string | undefined, address: IpAddress, asking: Holder) {
    this.asked++;
    return super.refusal(nodePool, address, asking);
  }
}

const both = { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' };
const request = (name: string, createdSecond: number, key?: string) => {
  const annotations = key === undefined ? {} : { 'service.openyurt.io/allow-shared-ip': key };
  return decodeService(service({ name, spec: both, createdSecond, annotations }));
};
const FAMILIES = ['IPv4', 'IPv6'] as const;
const PAIR: readonly Wait[] = FAMILIES.map((comesFree) => ({ nodePool: 'a', comesFree, both: true }));
const EITHER: readonly Wait[] = FAMILIES.map((comesFree) => ({ nodePool: 'a', comesFree }));

/** A NodePool of which all addresses are held. */
function full(): CountingBook {
  const book = new CountingBook();
  book.configure('a', config([{ addresses: ['10.0.0.1-10.0.0.200', 'fd00::1'] }]));
  for (let i = 1; i <= 200; i++) book.take('a', parseIpAddress(`10.0.0.${i}`), request(`old-${i}`, 0));
  book.take('a', parseIpAddress('fd00::1'), request('v6', 0));
  return book;
}

describe('Waiting', () => {
  for (const key of [undefined, 'k']) {
    it(`thousands who need both cost nothing while one family comes free, ${key ? 'who would share' : 'each for itself'}`, () => {
      const book = full();
      const waiting = new Waiting();
      for (let i = 0; i < 5_000; i++) waiting.set(request(`new-${i}`, 1 + i, key), PAIR);
      for (let i = 1; i <= 200; i++) {
        book.releaseAll(`default/old-${i}`);
        assert.deepEqual(waiting.wokenBy(book.drainFreed(), book), []);
      }
      assert.equal(book.asked, 0);
      book.releaseAll('default/v6');
      assert.deepEqual(waiting.wokenBy(book.drainFreed(), book), ['default/new-0']);
      for (let i = 0; i < 5_000; i++) waiting.delete(`default/new-${i}`);
      assert.equal(waiting.size, 0);
    });
  }

  it('the oldest is asked first, whether it needs both or either, and then the next', () => {
    const book = full();
    const waiting = new Waiting();
    waiting.set(request('second', 2), EITHER);
    waiting.set(request('first', 1), PAIR);
    waiting.set(request('third', 3), PAIR);
    book.releaseAll('default/v6');
    book.drainFreed();
    book.releaseAll('default/old-7');
    assert.deepEqual(waiting.wokenBy(book.drainFreed(), book), ['default/first']);
    assert.deepEqual(waiting.after('default/first', book), ['default/second']);
    assert.deepEqual(waiting.after('default/second', book), ['default/third']);
    assert.deepEqual(waiting.after('default/third', book), []);
  });

  it('an address that hosts of the site use is offered to nobody until they do not', () => {
    const book = full();
    const waiting = new Waiting();
    waiting.set(request('one', 1), EITHER);
    const address = parseIpAddress('10.0.0.7');
    book.avoid('a', address);
    book.releaseAll('default/old-7');
    assert.deepEqual(waiting.wokenBy(book.drainFreed(), book), []);
    book.unavoid('a', address);
    assert.deepEqual(waiting.wokenBy(book.drainFreed(), book), ['default/one']);
  });

  it('a hundred who need both are not looked at for each address of one family that comes free', async () => {
    const cluster = new MemoryCluster();
    cluster.putNodePool('a');
    cluster.putRanges('a', ['10.0.0.1-10.0.0.50', 'fd00::1']);
    for (let i = 0; i < 50; i++) cluster.putService(service({ name: `old-${i}` }));
    cluster.putService(service({ name: 'v6', spec: { ipFamilies: ['IPv6'] } }));
    await cluster.settle();
    for (let i = 0; i < 100; i++) cluster.putService(service({ name: `new-${i}`, spec: both, createdSecond: 1 + i }));
    await cluster.settle();
    const before = cluster.worked;
    for (let i = 0; i < 50; i++) cluster.deleteService(`default/old-${i}`);
    await cluster.settle();
    assert.equal(cluster.worked - before, 50);
    cluster.deleteService('default/v6');
    await cluster.settle();
    assert.deepEqual(cluster.ingress('default/new-0'), ['a=10.0.0.1', 'a=fd00::1']);
  });
});
