import { LbError } from '@openyurt/nodepool-types';
import type { CacheFigures, LoadedSnapshot, SnapshotStore } from '../ports/snapshot-store.ts';
import type { CacheDisk } from './cache-disk.ts';
import { decodeSlot, encodeSlot, SLOT_FORMAT, type Slot } from './cache-slot.ts';

const SLOTS = ['view.0', 'view.1'] as const;
type SlotName = (typeof SLOTS)[number];

/**
 * The autonomy cache in two slots: a write goes to the older one, so the newest whole text is never the one at risk.
 * A damaged slot is said once and the other one serves; a slot of a later format is kept under another name.
 */
export class SnapshotFile implements SnapshotStore {
  private generation = 0n;
  private next: SlotName = SLOTS[0];
  private readonly newer = new Map<SlotName, number>();
  private bytes = 0;
  private writtenWallMs: number | undefined;
  private damaged = 0;
  private failures = 0;

  /** @param folder only for messages; `disk` does the work */
  constructor(
    private readonly disk: CacheDisk,
    private readonly folder: string,
    private readonly wallMs: () => number,
  ) {}

  get figures(): CacheFigures {
    const { generation, bytes, writtenWallMs, damaged, failures } = this;
    return { generation, bytes, writtenWallMs, damaged, failures };
  }

  async load(): Promise<LoadedSnapshot> {
    const problems: LbError[] = [];
    let text: string | undefined;
    for (const name of SLOTS) {
      const found = await this.readSlot(name, problems);
      if (found === undefined || found.slot.generation < this.generation) continue;
      this.generation = found.slot.generation;
      this.next = other(name);
      this.bytes = found.bytes;
      this.writtenWallMs = found.writtenWallMs;
      text = found.slot.text;
    }
    return { text, problems };
  }

  async save(text: string): Promise<void> {
    const slot = encodeSlot(this.generation + 1n, text);
    const name = this.next;
    try {
      const format = this.newer.get(name);
      if (format !== undefined) {
        await this.disk.moveAside(name, `${name}.format-${format}`);
        this.newer.delete(name);
      }
      await this.disk.write(name, slot);
    } catch (cause) {
      this.failures++;
      throw unusable(`the autonomy cache in ${this.folder} cannot be written: ${reason(cause)}`, cause);
    }
    this.generation++;
    this.next = other(name);
    this.bytes = slot.length;
    this.writtenWallMs = this.wallMs();
  }

  private async readSlot(name: SlotName, problems: LbError[]) {
    let found: Awaited<ReturnType<CacheDisk['read']>>;
    try {
      found = await this.disk.read(name);
    } catch (cause) {
      problems.push(unusable(`${this.folder}/${name} cannot be read: ${reason(cause)}`, cause));
    }
    if (found === undefined) return undefined;
    const slot: Slot = decodeSlot(found.bytes);
    if (slot.kind === 'whole') return { slot, bytes: found.bytes.length, writtenWallMs: found.writtenWallMs };
    if (slot.kind === 'damaged') {
      this.damaged++;
      this.next = name;
      const remedy =
        'Nothing to do: the other slot serves, and the next write replaces this one. If it comes back, check the disk.';
      problems.push(new LbError('LB_CACHE_UNUSABLE', `${this.folder}/${name} is damaged: ${slot.why}`, remedy));
    } else {
      this.newer.set(name, slot.format);
      const what = `${this.folder}/${name} has format ${slot.format}, this version reads ${SLOT_FORMAT}`;
      const remedy = `It is kept as ${name}.format-${slot.format} when the slot is needed. Go back to the later version to use it.`;
      problems.push(new LbError('LB_CACHE_UNUSABLE', what, remedy));
    }
    return undefined;
  }
}

function other(name: SlotName): SlotName {
  return name === SLOTS[0] ? SLOTS[1] : SLOTS[0];
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function unusable(what: string, cause: unknown): LbError {
  const remedy =
    'Free space, or mount a writable folder and name it with --cache-dir. Until then addresses are announced as before, but a restart without the cloud starts from what was last written.';
  return new LbError('LB_CACHE_UNUSABLE', what, remedy, { cause });
}
