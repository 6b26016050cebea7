import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const WITHIN_MS = 60_000;

/** One block of commands of a page, and what the page says that they print. */
export interface PageStep {
  /** The heading that it stands under. */
  readonly heading: string;
  readonly commands: string;
  /** The `text` block that follows; absent: the page shows none. */
  readonly output?: string;
}

/** The `sh` blocks of a page in docs, in their order. */
export function pageSteps(page: string): PageStep[] {
  const steps: PageStep[] = [];
  let heading = '';
  const written = readFileSync(join(ROOT, 'docs', page), 'utf8');
  for (const [, title, language, body = ''] of written.matchAll(/^## (.+)$|^```(\w+)\n([\s\S]*?)^```$/gm)) {
    if (title !== undefined) heading = title;
    else if (language === 'sh') steps.push({ heading, commands: body });
    else if (language === 'text') {
      const last = steps.pop();
      if (last === undefined || last.output !== undefined) throw new Error(`${page}: output without commands`);
      steps.push({ ...last, output: body });
    }
  }
  return steps;
}

/** A shell in the root of the repository's manifests, as whoever follows a page has it: what a block defines the next one has. */
export class PageShell {
  private readonly dir = mkdtempSync(join(tmpdir(), 'yurtlb-page-'));
  private before = '';

  /** @param kubectl its path */
  constructor(
    kubectl: string,
    private readonly kubeconfig: string,
  ) {
    mkdirSync(join(this.dir, 'bin'));
    symlinkSync(kubectl, join(this.dir, 'bin', 'kubectl'));
    symlinkSync(join(ROOT, 'manifests'), join(this.dir, 'manifests'));
    const npx = join(this.dir, 'bin', 'npx');
    const command = `exec "${process.execPath}" "${join(ROOT, 'cloud-controller/bin/yurtlb.mjs')}" "$@"`;
    writeFileSync(npx, `#!/bin/sh\n[ "$1" = yurtlb ] || exit 127\nshift\n${command}\n`);
    chmodSync(npx, 0o755);
  }

  /** Runs a block. @returns standard output @throws Error with what was said, where a command fails */
  async run(commands: string): Promise<string> {
    const script = `set -eo pipefail\n${this.before}\n${commands}`;
    this.before += functionsOf(commands);
    const path = [join(this.dir, 'bin'), process.env.PATH ?? ''].join(delimiter);
    const env = { ...process.env, PATH: path, KUBECONFIG: this.kubeconfig, KUBECACHEDIR: join(this.dir, 'cache') };
    const child = spawn('bash', ['-c', script], {
      cwd: this.dir,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: WITHIN_MS,
    });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    if (code !== 0) throw new Error(`${commands}ended with ${code}: ${out}${err}`);
    return out;
  }

  file(name: string): string {
    return readFileSync(join(this.dir, name), 'utf8');
  }

  close(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Shell functions that a block defines, from `name() {` to the `}` alone on its line. */
function functionsOf(commands: string): string {
  return [...commands.matchAll(/^\w+\(\) \{\n[\s\S]*?^\}$/gm)].map(([found]) => `${found}\n`).join('');
}
