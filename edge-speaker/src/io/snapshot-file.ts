import { type Clock, LbError, type Timers } from '@openyurt/nodepool-types';
import type { CacheFigures, LoadedSnapshot, SnapshotStore } from '../ports/snapshot-store.ts';
import type { CacheDisk, FoundFile } from './cache-disk.ts';
import { Patience } from './cache-patience.ts';
import { decodeSlot, encodeSlot, type Slot } from './cache-slot.ts';
import { trouble } from './cache-trouble.ts';

/** A card that wakes up takes a second; one that takes longer must not keep the speaker from starting. */
export const LOAD_WITHIN_MS = 5_000;
export const SAVE_WITHIN_MS = 10_000;
/** After a slot that could not be read, generations go on beyond whatever it may hold. */
const BEYOND_UNREAD = 1n << 32n;
/** No honest slot comes near it: one write per second for 300 million years. */
const MAX_GENERATION = 1n << 53n;

export interface SnapshotFileParts {
  /** Shared by all snapshot files of one folder. */
  readonly disk: CacheDisk;
  /** Only for messages. */
  readonly folder: string;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Letters; the slots are `<name>.0` and `<name>.1`. */
  readonly name: string;
  /** The format of the texts that are saved; that one and older ones are loaded. */
  readonly format: number;
}

type Whole = Extract<Slot, { kind: 'whole' }>;

/**
 * The autonomy cache in two slots: a write goes to the older one, so the newest whole text is never the one at risk.
 * A damaged slot is said once and the other one serves; a slot of a later format is kept under another name.
 */
export class SnapshotFile implements SnapshotStore {
  private readonly slots: readonly [string, string];
  private readonly patience: Patience;
  /** The folder was claimed before the slots were read, so what was read is still what is there. */
  private claimed = false;
  private generation = 0n;
  private next: string;
  private readonly newer = new Map<string, number>();
  /** The slots as this process last read or wrote them; undefined: not there. Absent: an attempt on it failed half-way. */
  private readonly stamps = new Map<string, string | undefined>();
  private readonly damaged = new Set<string>();
  private intruded = false;
  private bytes = 0;
  private writtenWallMs: number | undefined;
  private failures = 0;
  private writes = 0;
  private writtenBytes = 0;

  constructor(private readonly parts: SnapshotFileParts) {
    this.slots = [`${parts.name}.0`, `${parts.name}.1`];
    this.next = this.slots[0];
    this.patience = new Patience(parts.timers);
  }

  get figures(): CacheFigures {
    const { generation, bytes, writtenWallMs, failures, writes, writtenBytes } = this;
    const { stuck } = this.patience;
    return { generation, bytes, writtenWallMs, damaged: this.damaged.size, failures, writes, writtenBytes, stuck };
  }

  /** A call on the disk is under way, waited for or given up on. */
  get busy(): boolean {
    return this.patience.busy;
  }

  async load(): Promise<LoadedSnapshot> {
    const loaded = await this.patience.within(LOAD_WITHIN_MS, () => this.start());
    return loaded === 'late'
      ? { text: undefined, problems: [trouble.silent(this.parts.folder, LOAD_WITHIN_MS)] }
      : loaded.done;
  }

  async save(text: string): Promise<void> {
    const { folder } = this.parts;
    try {
      if ((await this.patience.within(SAVE_WITHIN_MS, () => this.put(text))) === 'late')
        throw trouble.silent(folder, SAVE_WITHIN_MS);
    } catch (cause) {
      this.failures++;
      throw cause instanceof LbError ? cause : trouble.notWritten(folder, cause);
    }
  }

  private async start(): Promise<LoadedSnapshot> {
    const { disk, folder } = this.parts;
    const problems: LbError[] = [];
    try {
      this.claimed = await disk.claim();
      if (!this.claimed) problems.push(trouble.shared(folder));
      problems.push(...(await disk.tighten(this.slots)).map(trouble.tooOpen));
    } catch {
      // Said by the reading of the slots, or by the first write.
    }
    const found = (await this.scan(problems)) ?? (await this.parked());
    return { text: found?.text, ...(found === undefined ? {} : { format: found.format }), problems };
  }

  private async put(text: string): Promise<void> {
    const { disk, folder, clock, format } = this.parts;
    if (this.intruded || !(await disk.claim())) throw trouble.shared(folder);
    if (!this.claimed) await this.scan([]); // somebody else wrote here until now
    this.claimed = true;
    await this.expectOwn();
    const name = this.next;
    const slot = encodeSlot(format, this.generation + 1n, text);
    const newer = this.newer.get(name);
    this.stamps.delete(name);
    if (newer !== undefined) {
      await disk.moveAside(name, `${name}.format-${newer}`);
      this.newer.delete(name);
    }
    this.stamps.set(name, await disk.write(name, slot));
    this.generation++;
    this.next = this.other(name);
    this.bytes = slot.length;
    this.writtenWallMs = clock.wallMs();
    this.writes++;
    this.writtenBytes += slot.length;
  }

  /**
   * A slot that changed under this process was written by one that the claim does not reach: on another machine, or in
   * another network namespace. Taking turns would leave neither with a cache, so this one stops until it is restarted.
   */
  private async expectOwn(): Promise<void> {
    for (const [name, known] of this.stamps) {
      const stamp = await this.parts.disk.stamp(name);
      if (stamp === undefined || stamp === known) continue; // a folder that somebody emptied is filled again
      this.intruded = true;
      throw trouble.shared(this.parts.folder);
    }
  }

  /** Reads both slots. @returns the newest whole one that this version understands */
  private async scan(problems: LbError[]): Promise<Whole | undefined> {
    let newest: Whole | undefined;
    let highest = 0n;
    let unread = false;
    this.newer.clear();
    for (const name of this.slots) {
      const found = await this.find(name, problems);
      if (found === 'unread') unread = true;
      if (found === undefined || found === 'unread') continue;
      const slot = decodeSlot(found.bytes);
      if (slot.kind === 'damaged') {
        this.damaged.add(name);
        this.next = name;
        problems.push(trouble.damaged(this.pathOf(name), slot.why));
        continue;
      }
      if (slot.generation > highest && slot.generation < MAX_GENERATION) highest = slot.generation;
      if (slot.format > this.parts.format) {
        this.newer.set(name, slot.format);
        problems.push(trouble.newer(this.pathOf(name), slot.format, this.parts.format));
      } else if (newest === undefined || slot.generation >= newest.generation) {
        newest = slot;
        this.next = this.other(name);
        this.bytes = found.bytes.length;
        this.writtenWallMs = found.writtenWallMs;
      }
    }
    this.generation = unread ? highest + BEYOND_UNREAD : highest;
    return newest;
  }

  /** What an older version put aside, for want of anything newer. */
  private async parked(): Promise<Whole | undefined> {
    let newest: Whole | undefined;
    for (const name of this.slots) {
      const found = await this.parts.disk.read(`${name}.format-${this.parts.format}`).catch(() => undefined);
      const slot = decodeSlot(found?.bytes ?? Buffer.alloc(0));
      if (slot.kind === 'whole' && slot.generation > (newest?.generation ?? -1n)) newest = slot;
    }
    return newest;
  }

  private async find(name: string, problems: LbError[]): Promise<FoundFile | 'unread' | undefined> {
    try {
      const found = await this.parts.disk.read(name);
      this.stamps.set(name, found?.stamp);
      return found;
    } catch (cause) {
      this.stamps.delete(name);
      problems.push(trouble.notRead(this.pathOf(name), cause));
      return 'unread';
    }
  }

  private other(name: string): string {
    return name === this.slots[0] ? this.slots[1] : this.slots[0];
  }

  private pathOf(name: string): string {
    return `${this.parts.folder}/${name}`;
  }
}
