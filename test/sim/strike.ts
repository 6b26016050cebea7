import type { Member } from './member.ts';
import type { Disturbance } from './scenario.ts';
import type { Site } from './site.ts';

/** What one kind of disturbance does. @returns what it did, for the trace; undefined where it does not fit now */
export type Strike = (site: Site, member: Member, d: Disturbance) => string | undefined;
