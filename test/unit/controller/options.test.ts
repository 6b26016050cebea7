import { strict as assert } from 'node:assert';
import { LbError } from '@openyurt/nodepool-types';
import { HELP, parseOptions } from '../../../cloud-controller/src/options.ts';

const refused: { name: string; argv: string[]; says: RegExp; remedy?: RegExp }[] = [
  {
    name: 'an unknown option',
    argv: ['--namespce=x'],
    says: /unknown option --namespce/,
    remedy: /Did you mean "--namespace"\?/,
  },
  { name: 'nothing like it', argv: ['--frobnicate'], says: /unknown option --frobnicate/, remedy: /--help/ },
  { name: 'a missing value', argv: ['--kubeconfig'], says: /kubeconfig/ },
  { name: 'a word that is no option', argv: ['start'], says: /start/ },
  { name: 'a port without host', argv: ['--health-address=8080'], says: /HOST:PORT/ },
  { name: 'a port too large', argv: ['--health-address=0.0.0.0:70000'], says: /HOST:PORT/ },
  { name: 'a mode there is not', argv: ['--loadbalancerset=maybe'], says: /auto, on, off/ },
  { name: 'a level there is not', argv: ['--log-level=loud'], says: /debug, info, warn, error/ },
  { name: 'a duration without unit', argv: ['--lease-duration=15'], says: /15s or 500ms/ },
  {
    name: 'a Lease of half seconds',
    argv: ['--lease-duration=1500ms', '--lease-renew=1s', '--lease-retry=1ms'],
    says: /whole seconds/,
  },
  { name: 'renewing later than the Lease lasts', argv: ['--lease-duration=5s'], says: /less than --lease-duration/ },
  { name: 'trying more rarely than renewing', argv: ['--lease-retry=12s'], says: /less than --lease-renew/ },
  { name: 'a rest without unit', argv: ['--release-cooldown=30'], says: /a time from 0s to 1440m, such as 5m/ },
  { name: 'a rest of more than a day', argv: ['--release-cooldown=1441m'], says: /from 0s to 1440m/ },
  { name: 'a negative rest', argv: ['--release-cooldown=-1s'], says: /from 0s to 1440m/ },
  { name: 'no workers', argv: ['--workers=0'], says: /1 to 999/ },
];

describe('options of the controller', () => {
  for (const { name, argv, says, remedy } of refused) {
    it(`${name} is refused`, () => {
      assert.throws(
        () => parseOptions(argv, {}),
        (error) =>
          error instanceof LbError &&
          error.code === 'LB_BAD_OPTION' &&
          says.test(error.message) &&
          (remedy?.test(error.remedy) ?? true),
      );
    });
  }

  it('defaults come from the Pod', () => {
    const options = parseOptions([], { POD_NAMESPACE: 'lb', POD_NAME: 'controller-1' });
    assert.equal(options?.namespace, 'lb');
    assert.equal(options?.leaseIdentity, 'controller-1');
    assert.deepEqual(options?.healthAddress, { host: '0.0.0.0', port: 10374 });
    assert.deepEqual([options?.leaseDurationMs, options?.leaseRenewMs, options?.leaseRetryMs], [15_000, 10_000, 2_000]);
    assert.equal(parseOptions([], {})?.namespace, 'yurtlb-system');
    assert.equal(options?.releaseCooldownMs, 0);
  });

  it('a release cooldown is a duration, or 0', () => {
    for (const [text, want] of [
      ['0', 0],
      ['0s', 0],
      ['500ms', 500],
      ['1440m', 86_400_000],
    ] as const) {
      assert.equal(parseOptions([`--release-cooldown=${text}`], {})?.releaseCooldownMs, want);
    }
  });

  it('help is short and names every option', () => {
    assert.equal(parseOptions(['--help'], {}), undefined);
    assert.ok(HELP.split('\n').length < 25);
    const options = ['kubeconfig', 'namespace', 'health-address', 'classless', 'loadbalancerset', 'workers', 'help'];
    options.push(
      'release-cooldown',
      'lease-identity',
      'lease-duration',
      'lease-renew',
      'lease-retry',
      'log-level',
      'log-format',
    );
    for (const option of options) assert.ok(HELP.includes(` --${option} `), option);
    for (const line of HELP.split('\n')) assert.ok(line.length <= 120, line);
  });
});
