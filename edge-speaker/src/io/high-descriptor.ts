import { closeSync, openSync } from 'node:fs';

/** More than a speaker ever has open: one session for each member of its NodePool, and a dozen others. */
const ABOVE = 256;

/**
 * Runs `open` while the low descriptor numbers are taken, so that what it opens gets a higher number than all that comes later.
 * When a process is killed, Linux closes its descriptors from the highest number down (see native/low-descriptor.c): a listener
 * above the sessions is gone before the first of them ends, and the redial that proves the death is refused at once instead
 * of being taken by a listener that is about to go.
 */
export async function withHighDescriptor<T>(open: () => Promise<T>): Promise<T> {
  const taken: number[] = [];
  try {
    for (let last = 0; last < ABOVE; ) {
      last = openSync('/dev/null', 'r');
      taken.push(last);
    }
  } catch {
    // EMFILE under a tight limit: any number serves, a death is only told later.
    for (const fd of taken.splice(0)) closeSync(fd);
  }
  try {
    return await open();
  } finally {
    for (const fd of taken) closeSync(fd);
  }
}
