import { LbError } from '@openyurt/nodepool-types';
import type { TooOpen } from './cache-disk.ts';

const MEANWHILE =
  'Until then addresses are announced as before, but a restart without the cloud starts from what was last written.';

/** What can be wrong with the autonomy cache, in an operator's words. `folder` and `path` are only for the words. */
export const trouble = {
  notWritten(folder: string, cause: unknown): LbError {
    const remedy = `Free space, or mount a writable folder and name it with --cache-dir. ${MEANWHILE}`;
    const what = `the autonomy cache in ${folder} cannot be written: ${reason(cause)}`;
    return new LbError('LB_CACHE_UNUSABLE', what, remedy, { cause });
  },

  notRead(path: string, cause: unknown): LbError {
    const remedy =
      'Let it belong to the user that the speaker runs as, or check the disk. The other slot serves if it can.';
    return new LbError('LB_CACHE_UNUSABLE', `${path} cannot be read: ${reason(cause)}`, remedy, { cause });
  },

  silent(folder: string, ms: number): LbError {
    const remedy = `Check the disk: the kernel's log (dmesg) says what it waits for. ${MEANWHILE}`;
    return new LbError('LB_CACHE_UNUSABLE', `the disk of ${folder} has not answered within ${ms / 1000} s`, remedy);
  },

  shared(folder: string): LbError {
    const remedy = `Give each speaker a --cache-dir of its own, or end the other one. This one writes nothing meanwhile. ${MEANWHILE}`;
    return new LbError('LB_CACHE_SHARED', `another speaker writes the autonomy cache in ${folder}`, remedy);
  },

  damaged(path: string, why: string): LbError {
    const remedy =
      'Nothing to do: the other slot serves, and the next write replaces this one. If it comes back, check the disk.';
    return new LbError('LB_CACHE_UNUSABLE', `${path} is damaged: ${why}`, remedy);
  },

  newer(path: string, format: number, ours: number): LbError {
    const what = `${path} has format ${format}, this version reads ${ours}`;
    const remedy = `It is kept as ${path}.format-${format} when its place is needed; the later version reads it there if nothing else serves.`;
    return new LbError('LB_CACHE_UNUSABLE', what, remedy);
  },

  tooOpen({ path, mode, left }: TooOpen): LbError {
    const open = `others on this node could reach ${path} (mode ${mode.toString(8).padStart(4, '0')})`;
    return left === undefined
      ? new LbError('LB_CACHE_TOO_OPEN', `${open}; it is the owner's alone now`, 'See what opened it.')
      : new LbError(
          'LB_CACHE_TOO_OPEN',
          `${open} and it stays so: ${left}`,
          'Name a folder of its own with --cache-dir.',
        );
  },
};

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
