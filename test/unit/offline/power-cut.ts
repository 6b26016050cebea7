import { dirname } from 'node:path';
import { type Image, type NameOp, type Op, overlaid, type PowerCutDisk } from './power-cut-disk.ts';

const SECTOR = 512;

/** What a disk had and had not been told to keep when the power went. */
export interface Unsynced {
  /** Names as they were when their folder was last synced: inode by path. */
  readonly names: ReadonlyMap<string, number>;
  /** Changes of names that no sync of their folder followed: any of them may have reached the disk, in any order. */
  readonly pending: readonly NameOp[];
  /** What is surely in a file, and what a sync was still owed for. */
  readonly files: ReadonlyMap<number, { readonly synced: Buffer; readonly written: Buffer }>;
  readonly folders: ReadonlySet<number>;
}

/**
 * The power is cut after `ops` calls, and `bytes` of the next one if that is a write.
 *
 * A sync of a file keeps its bytes, not its name; a sync of a folder keeps the names in it, not what they lead to.
 */
export function cutAt(disk: PowerCutDisk, ops: number, bytes = 0): Unsynced {
  const made: Op[] = disk.log.slice(0, ops);
  const next = disk.log[ops];
  if (next?.kind === 'write' && bytes > 0) made.push({ ...next, bytes: next.bytes.subarray(0, bytes) });
  const names = new Map<string, number>();
  const files = new Map<number, { synced: Buffer; written: Buffer }>();
  const folders = new Set<number>();
  for (const [path, content] of disk.start) {
    const ino = names.size + 1;
    names.set(path, ino);
    if (content === null) folders.add(ino);
    else files.set(ino, { synced: content, written: content });
  }
  let pending: NameOp[] = [];
  for (const op of made) {
    if (op.kind === 'write') {
      const file = files.get(op.ino);
      if (file !== undefined) file.written = overlaid(file.written, op.at, op.bytes);
    } else if (op.kind === 'sync') {
      const file = files.get(op.ino);
      if (file !== undefined) file.synced = file.written;
    } else if (op.kind === 'sync-folder') {
      for (const change of pending) if (folderOf(change) === op.path) applyName(names, change);
      pending = pending.filter((change) => folderOf(change) !== op.path);
    } else {
      if (op.kind === 'create') files.set(op.ino, { synced: Buffer.alloc(0), written: Buffer.alloc(0) });
      if (op.kind === 'folder') folders.add(op.ino);
      pending.push(op);
    }
  }
  return { names, pending, files, folders };
}

/** A rename that the disk did only half: the file that was under the new name is gone, the new one not yet there. */
export type Reached = { readonly op: NameOp; readonly torn?: boolean };

/** The disk as the next boot finds it. @param content what became of a file's bytes */
export function imageOf(
  { names: synced, files, folders }: Unsynced,
  reached: readonly Reached[],
  content: (file: { synced: Buffer; written: Buffer }) => Buffer,
): Image {
  const names = new Map(synced);
  for (const { op, torn } of reached) {
    if (torn && op.kind === 'rename') names.delete(op.to);
    else applyName(names, op);
  }
  const image = new Map<string, Buffer | null>();
  for (const [path, ino] of [...names].sort(([a], [b]) => a.length - b.length)) {
    const parent = dirname(path);
    if (parent !== '/' && image.get(parent) !== null) continue; // its folder never came to be
    const file = files.get(ino);
    if (folders.has(ino)) image.set(path, null);
    else if (file !== undefined) image.set(path, content(file));
  }
  return image;
}

/** What unsynced bytes may look like: all, none, a hole, zeros up to the new length, old sectors, garbage, cut anywhere. */
export function tornContents({ synced, written }: { synced: Buffer; written: Buffer }): Buffer[] {
  if (synced === written) return [written];
  const zeros = Buffer.alloc(written.length);
  const contents = [written, synced, zeros, overlaid(zeros, 0, synced), Buffer.alloc(written.length, 0xa5)];
  for (let at = 0; at < written.length; at += SECTOR) {
    const missing = Buffer.from(written);
    missing.fill(0, at, Math.min(at + SECTOR, missing.length));
    contents.push(missing, written.subarray(0, at), overlaid(zeros, at, written.subarray(at, at + SECTOR)));
  }
  return contents;
}

/** Every subset of some things in every order. */
export function* arrangements<T>(things: readonly T[]): IterableIterator<readonly T[]> {
  yield [];
  for (const [i, first] of things.entries()) {
    const others = [...things.slice(0, i), ...things.slice(i + 1)];
    for (const rest of arrangements(others)) yield [first, ...rest];
  }
}

/** Every way the pending changes of names can have reached the disk, renames also by half. */
export function* waysReached(pending: readonly NameOp[], torn: boolean): IterableIterator<readonly Reached[]> {
  for (const ops of arrangements(pending)) {
    const whole = ops.map((op): Reached => ({ op }));
    yield whole;
    if (!torn) continue;
    for (const [i, { op }] of whole.entries()) if (op.kind === 'rename') yield whole.with(i, { op, torn: true });
  }
}

/** For telling images apart. */
export function keyOf(image: Image): string {
  return [...image].map(([path, bytes]) => `${path}=${bytes?.toString('latin1')}`).join('|');
}

function folderOf(op: NameOp): string {
  return dirname(op.kind === 'rename' ? op.to : op.path);
}

function applyName(names: Map<string, number>, op: NameOp): void {
  if (op.kind === 'create' || op.kind === 'folder') names.set(op.path, op.ino);
  else if (op.kind === 'unlink') {
    if (names.get(op.path) === op.ino) names.delete(op.path);
  } else if (op.kind === 'rename') {
    if (names.get(op.from) === op.ino) names.delete(op.from);
    names.set(op.to, op.ino);
  }
}
