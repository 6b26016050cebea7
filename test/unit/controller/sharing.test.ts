import { strict as assert } from 'node:assert';
import { type Holder, type Refusal, sharingRefusal } from '../../../cloud-controller/src/ipam/sharing.ts';

const holder = (more: Partial<Holder> = {}): Holder => ({
  ...{
    key: 'ns/web',
    uid: 'u',
    ports: [],
    sharingKey: 'k',
    externalTrafficPolicy: 'Cluster',
    podSelector: 'app=web',
    namespace: 'ns',
    labels: {},
  },
  ...more,
});
const refused = (why: string): Refusal => ({ reason: 'SharingRefused', holder: 'ns/web', why });

describe('who may share an address', () => {
  const cases: { name: string; asking: Holder; holding: Holder; want: Refusal | undefined }[] = [
    { name: 'the same key and policy', asking: holder(), holding: holder(), want: undefined },
    {
      name: 'who has no key asks in vain',
      asking: holder({ sharingKey: undefined }),
      holding: holder(),
      want: { reason: 'AddressInUse', holder: 'ns/web' },
    },
    {
      name: 'the holder has none',
      asking: holder(),
      holding: holder({ sharingKey: undefined }),
      want: refused('it has no sharing key'),
    },
    {
      name: 'another key',
      asking: holder(),
      holding: holder({ sharingKey: 'other' }),
      want: refused('its sharing key is "other"'),
    },
    {
      name: 'another key, of which a message takes sixty characters',
      asking: holder(),
      holding: holder({ sharingKey: 'x'.repeat(200_000) }),
      want: refused(`its sharing key is "${'x'.repeat(60)}…"`),
    },
    {
      name: 'another policy',
      asking: holder(),
      holding: holder({ externalTrafficPolicy: 'Local' }),
      want: refused('its externalTrafficPolicy is Local'),
    },
  ];
  for (const { name, asking, holding, want } of cases) {
    it(name, () => assert.deepEqual(sharingRefusal(asking, holding), want));
  }
});
