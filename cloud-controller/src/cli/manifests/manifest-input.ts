import { nameOfPath, readText } from '../read-file.ts';
import type { Terminal } from '../terminal.ts';
import { type ManifestFile, readManifests } from './manifest-file.ts';

/** What `-f` names. */
export interface ManifestInput {
  readonly files: readonly ManifestFile[];
  /** Of files that can't be read, one line each. */
  readonly unreadable: readonly string[];
}

/** What kubectl takes from a folder. */
const MANIFEST_NAME = /\.(?:ya?ml|json)$/;

/** Reads files, folders (not what lies in folders below) and `-`, in their order; a folder's by name, as kubectl does. */
export async function readManifestInput(paths: readonly string[], terminal: Terminal): Promise<ManifestInput> {
  const files: ManifestFile[] = [];
  const unreadable: string[] = [];
  for (const path of paths) {
    const names = path === '-' ? undefined : await terminal.folder(path);
    const inside = names?.filter((name) => MANIFEST_NAME.test(name)).sort();
    if (inside?.length === 0) unreadable.push(`${path}: the folder holds no .yaml, .yml or .json file`);
    for (const one of inside?.map((name) => `${path.replace(/\/+$/, '')}/${name}`) ?? [path]) {
      const read = await readText(one, terminal);
      if (read.ok) files.push(readManifests(one, read.text));
      else unreadable.push(`${nameOfPath(one)}: ${read.fault}`);
    }
  }
  return { files, unreadable };
}
