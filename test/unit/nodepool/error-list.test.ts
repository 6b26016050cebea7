import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import {
  CONDITION_REASONS,
  CONTROLLER_NEWS,
  CONTROLLER_WARNINGS,
  LB_ERROR_CODES,
  LbError,
  PLAN_REASONS,
  SPEAKER_NEWS,
  SPEAKER_WARNINGS,
} from '@openyurt/nodepool-types';

const root = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('docs/reference/errors.md', root), 'utf8');

interface Row {
  readonly name: string;
  readonly meaning: string;
  readonly remedy: string | undefined;
}

/** The table under a heading. */
function rowsUnder(heading: string): Row[] {
  const section = page.split(/^##+ /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\| `(\w+)` +\|([^|]+)\|(?:([^|]+)\|)?$/gm)].map(
    ([, name = '', meaning = '', remedy]) => ({ name, meaning: meaning.trim(), remedy: remedy?.trim() }),
  );
}

function names(...headings: string[]): string[] {
  return headings.flatMap((heading) => rowsUnder(heading).map(({ name }) => name)).sort();
}

const ON_SERVICES = 'On a Service, by the controller';
const ON_CONFIG_MAPS = 'On a ConfigMap, by the controller';
const BY_SPEAKERS = 'On a Service, by speakers';

/** The text of a program's sources, and of the words it shares; without the list itself. */
function sourcesOf(program: string): string {
  const files = [`${program}/src`, 'nodepool/src'].flatMap((room) =>
    readdirSync(new URL(room, root), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && name !== 'reasons.ts')
      .map((name) => `${room}/${name}`),
  );
  return files.map((file) => readFileSync(new URL(file, root), 'utf8')).join('\n');
}

describe('docs/reference/errors.md', () => {
  it('lists the codes of the code, each once', () => {
    assert.deepEqual(names('Codes'), [...LB_ERROR_CODES].sort());
  });

  it("lists the reasons of the controller's Warnings and conditions, each once", () => {
    const listed = [...new Set(names(ON_SERVICES, ON_CONFIG_MAPS))];
    assert.deepEqual(listed, [...CONTROLLER_WARNINGS, ...CONDITION_REASONS].sort());
    for (const heading of [ON_SERVICES, ON_CONFIG_MAPS])
      assert.equal(new Set(names(heading)).size, names(heading).length);
  });

  it("lists the reasons of the speakers' Warnings, and all that is only news", () => {
    assert.deepEqual(names(BY_SPEAKERS), [...SPEAKER_WARNINGS].sort());
    assert.deepEqual(names('Only news'), [...CONTROLLER_NEWS, ...SPEAKER_NEWS].sort());
    assert.deepEqual(names('Only by the command `yurtlb plan`'), [...PLAN_REASONS].sort());
  });

  it('gives each a meaning and a remedy', () => {
    for (const heading of ['Codes', ON_SERVICES, ON_CONFIG_MAPS, BY_SPEAKERS]) {
      for (const { name, meaning, remedy = '' } of rowsUnder(heading)) {
        assert.ok(meaning.length > 10 && remedy.length > 7, `${name} is not explained`);
      }
    }
  });

  // That a program says no other reason is the compiler's business: Events and problems are typed by these lists.
  const said: { program: string; reasons: readonly string[] }[] = [
    {
      program: 'cloud-controller',
      reasons: [...CONTROLLER_WARNINGS, ...CONDITION_REASONS, ...CONTROLLER_NEWS, ...PLAN_REASONS],
    },
    { program: 'edge-speaker', reasons: [...SPEAKER_WARNINGS, ...SPEAKER_NEWS] },
  ];
  for (const { program, reasons } of said) {
    it(`lists nothing that ${program} no longer says`, () => {
      const text = sourcesOf(program);
      assert.deepEqual(
        reasons.filter((reason) => !text.includes(`'${reason}'`)),
        [],
      );
    });

    it(`lists every reason that stands in ${program}`, () => {
      const literals = [...sourcesOf(program).matchAll(/\breason: '([A-Z]\w+)'/g)].map(([, reason]) => reason ?? '');
      const all: readonly string[] = said.flatMap((one) => one.reasons);
      assert.ok(literals.length > 0);
      assert.deepEqual(
        literals.filter((reason) => !all.includes(reason)),
        [],
      );
    });
  }

  it('begins an error with its code', () => {
    const error = new LbError('LB_BAD_RANGE', 'range "x" is none', 'Write one.');
    assert.equal(error.message, 'LB_BAD_RANGE: range "x" is none');
    assert.equal(error.remedy, 'Write one.');
  });
});
