import type { Log } from '@openyurt/nodepool-types';
import type { AnnouncerEvent } from '../announce/announcer-event.ts';

/** What the announcer did, in the log. @param services keys of the Services that hold the event's address */
export function logAnnouncer(log: Log, event: AnnouncerEvent, services: (address: string) => readonly string[]): void {
  const { kind, ...fields } = event;
  switch (kind) {
    case 'announced':
      log[event.resumed === true ? 'debug' : 'info']('address announced', {
        ...fields,
        services: services(event.address),
      });
      return;
    case 'withdrawn':
      // What the session asked for it has said already, with its reason.
      log[event.reason === 'asked' ? 'debug' : 'info']('address withdrawn', fields);
      return;
    case 'conflict':
      log.warn('another host uses an announced address', {
        ...fields,
        remedy: 'Take the address from the host with this MAC, or give the Service another one.',
      });
      return;
    case 'duplicate-owner':
      log.warn('two members of the pool announce the same address', {
        ...fields,
        remedy:
          'The network passes what they announce and not the pool session: let TCP and UDP of --session-port through.',
      });
      return;
    case 'hand-over':
      log.debug('a member of the pool announces the same address', fields);
      return;
    case 'failed': // the hub says it, with the time of the next try
    case 'links-changed':
      return;
  }
}
