import type { Log } from '@openyurt/nodepool-types';
import type { Announcer } from '../announce/announcer.ts';

/** The name of the link on which an address can be announced now. A socket that is refused is said once. */
export function usableLink(announcer: Announcer, log: Log): (address: string) => string | undefined {
  const said = new Set<string>();
  return (address) => {
    const answer = announcer.canAnnounce(address);
    if (answer.ok) return answer.link.name;
    if (answer.reason === 'socket-refused' && !said.has(answer.detail)) {
      said.add(answer.detail);
      log.error('addresses cannot be announced', { detail: answer.detail });
    }
    return undefined;
  };
}
