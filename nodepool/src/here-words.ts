/** What one node does about one address; a field that an older speaker does not tell is missing. */
export interface Here {
  /** Whether the node offers it, or why not. */
  readonly offered?: true | string;
  readonly staleEndpoints?: boolean;
  /** How it announces it, if it does; `byMac`: of the other host or node that was met. */
  readonly here?: { readonly link?: string; readonly state?: string; readonly byMac?: string };
  /** The host outside the NodePool that uses the address. */
  readonly conflict?: { readonly kind?: string; readonly byMac?: string };
}

/** The same in words, for tables: `announced on eth0`, `stands by, endpoints dead`, `conflict, owned by 02:…`, `no-link`; '' for what is not known. */
export function hereWords({ offered, here, staleEndpoints, conflict }: Here): string {
  const words = [here === undefined ? standsBy(offered) : `${here.state} on ${here.link}`];
  if (here?.byMac !== undefined)
    words.push(here.state === 'announced' ? `also by ${here.byMac}` : `used by ${here.byMac}`);
  if (conflict?.byMac !== undefined && conflict.byMac !== here?.byMac)
    words.push(`${conflict.kind === 'contested' ? 'claimed' : 'owned'} by ${conflict.byMac}`);
  if (staleEndpoints === true) words.push('endpoints dead');
  return words.join(', ');
}

function standsBy(offered: true | string | undefined): string {
  return offered === true ? 'stands by' : (offered ?? '');
}
