import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Who may import whom. A room is a folder of a program's `src`, or a file at its top (`pool-session.ts`).
 * `own` names rooms of the same program; `packages` what may come from outside. The compiler alone lets the rest through.
 */
interface Room {
  own: readonly string[];
  packages: readonly string[];
}

const WORDS = '@openyurt/nodepool-types';
const KUBE = '@kubernetes/client-node';
const pure = (...own: string[]): Room => ({ own, packages: [WORDS] });
const anything: Room = { own: ['*'], packages: ['*'] };

const HOUSE: Record<string, Record<string, Room>> = {
  nodepool: { '*': { own: ['*'], packages: ['yaml', 'node:net'] } },
  'cloud-controller': {
    ipam: pure(),
    plan: pure('ipam'),
    ports: pure('ipam', 'plan'),
    reconcile: pure('ipam', 'plan', 'ports'),
    kube: { own: ['ports'], packages: [WORDS, KUBE, 'node:'] },
    observe: { own: ['ports'], packages: [WORDS, 'pino', 'prom-client', 'node:'] },
    rehearsal: pure('plan', 'ports', 'reconcile'),
    cli: { own: ['plan', 'ipam', 'kube', 'reconcile', 'rehearsal'], packages: [WORDS, 'yaml', 'node:'] },
    'options.ts': { own: [], packages: [WORDS, 'node:'] },
    'controller.ts': anything,
    'main.ts': anything,
  },
  'edge-speaker': {
    wire: pure(),
    responder: { own: ['wire'], packages: [WORDS, 'lru-cache'] },
    announce: { own: ['wire', 'responder', 'ports'], packages: [WORDS, 'lru-cache'] },
    election: { own: ['wire'], packages: [WORDS, 'lru-cache', 'node:crypto'] },
    session: { own: ['election', 'wire', 'ports'], packages: [WORDS, 'lru-cache', 'node:crypto'] },
    candidates: pure(),
    offline: { own: [], packages: [WORDS, 'lru-cache', 'node:crypto'] },
    ports: pure('wire', 'offline'),
    kube: { own: ['ports', 'offline'], packages: [WORDS, KUBE, 'node:'] },
    io: { own: ['ports'], packages: [WORDS, 'raw-socket', 'node:'] },
    observe: { own: ['ports'], packages: [WORDS, 'pino', 'prom-client', 'node:'] },
    'local-api': pure('offline', 'ports'),
    hub: pure('announce', 'candidates', 'election', 'offline', 'ports', 'pool-session.ts'),
    drive: pure(
      'hub',
      'io',
      'announce',
      'candidates',
      'local-api',
      'observe',
      'offline',
      'ports',
      'wire',
      'pool-session.ts',
    ),
    'pool-session.ts': pure('session', 'election', 'ports'),
    'assembly.ts': anything,
    'options.ts': { own: [], packages: [WORDS, 'node:'] },
    'main.ts': anything,
  },
};

const root = fileURLToPath(new URL('../../', import.meta.url));
const IMPORT =
  /^\s*(?:import|export)\b[^'"`;]*?from\s+['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

/** @returns why `file` may not import `specifier`, or undefined */
function violation(program: string, file: string, specifier: string): string | undefined {
  const rooms = HOUSE[program] ?? {};
  const src = join(root, program, 'src');
  const roomOf = (path: string) => relative(src, path).split('/')[0] ?? '';
  const room = rooms[roomOf(file)] ?? rooms['*'];
  if (room === undefined) return `stands in ${roomOf(file)}, a room that the table does not know`;
  if (!specifier.startsWith('.')) {
    const allowed = room.packages.some(
      (name) => name === '*' || specifier === name || (name.endsWith(':') && specifier.startsWith(name)),
    );
    return allowed ? undefined : `imports ${specifier}`;
  }
  const target = normalize(join(dirname(file), specifier));
  if (relative(src, target).startsWith('..')) return `reaches out of its program: ${specifier}`;
  const allowed = room.own.includes('*') || roomOf(target) === roomOf(file) || room.own.includes(roomOf(target));
  return allowed ? undefined : `imports the room ${roomOf(target)}`;
}

describe('import direction', () => {
  for (const program of Object.keys(HOUSE)) {
    it(`${program} imports only what its rooms may`, () => {
      const files = sources(join(root, program, 'src'));
      const found = files.flatMap((file) =>
        importsOf(file)
          .map((specifier) => violation(program, file, specifier))
          .filter((why) => why !== undefined)
          .map((why) => `${relative(root, file)} ${why}`),
      );
      assert.ok(files.length > 0, `no sources below ${program}/src`);
      assert.deepEqual(found, []);
    });
  }

  it('notices a forbidden import', () => {
    const wire = join(root, 'edge-speaker/src/wire/arp.ts');
    assert.equal(violation('edge-speaker', wire, '../io/packet-socket.ts'), 'imports the room io');
    assert.equal(violation('edge-speaker', wire, 'node:fs'), 'imports node:fs');
    assert.match(violation('edge-speaker', wire, '../../../cloud-controller/src/main.ts') ?? '', /reaches out/);
  });
});
