import { nameOfPath, readFault, readText } from '../read-file.ts';
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

/**
 * Reads files, folders (not what lies in folders below) and `-`, in their order; a folder's by name, as kubectl does. A file
 * may hold nothing, as what Helm renders may; all of them together may not.
 */
export async function readManifestInput(paths: readonly string[], terminal: Terminal): Promise<ManifestInput> {
  const files: ManifestFile[] = [];
  const unreadable: string[] = [];
  for (const path of paths) {
    const inside = await manifestsIn(path, terminal);
    if (typeof inside === 'string') unreadable.push(`${path}: ${inside}`);
    for (const one of typeof inside === 'string' ? [] : inside) {
      const read = await readText(one, terminal);
      if (read.ok) files.push(readManifests(one, read.text));
      else unreadable.push(`${nameOfPath(one)}: ${read.fault}`);
    }
  }
  return { files: files.every(isEmpty) ? files.map(withoutObject) : files, unreadable };
}

/** @returns paths of files; a text: what is wrong with the folder */
async function manifestsIn(path: string, terminal: Terminal): Promise<readonly string[] | string> {
  if (path === '-') return [path];
  try {
    const names = await terminal.folder(path);
    if (names === undefined) return [path];
    const inside = names.filter((name) => MANIFEST_NAME.test(name)).sort();
    if (inside.length === 0) return 'the folder holds no .yaml, .yml or .json file';
    return inside.map((name) => `${path.replace(/\/+$/, '')}/${name}`);
  } catch (error) {
    return readFault(error);
  }
}

function isEmpty({ manifests, passedOver, faults }: ManifestFile): boolean {
  return manifests.length === 0 && passedOver.size === 0 && faults.length === 0;
}

function withoutObject(file: ManifestFile): ManifestFile {
  const place = { path: file.path, document: 1 };
  return { ...file, faults: [{ place, problem: 'holds no object', remedy: 'Write manifests into it.' }] };
}
