import type { InterfaceSite } from './interface-site.ts';

/** What happens, and who answers then: a link's name, or why nobody does. */
export interface Step {
  readonly what: string;
  /** Absent: nothing; what stands is looked at. */
  readonly do?: (site: InterfaceSite) => void;
  /** Default: the one in the LAN's subnet. */
  readonly address?: string;
  readonly link?: string;
  /** Why the announcer can't announce it; nobody answers. */
  readonly silent?: string;
  /** The client's interface that asks; default `eth0`. */
  readonly asker?: string;
  /** The client's interface that gets no answer. */
  readonly unheard?: string;
}

export interface Case {
  readonly name: string;
  /** Before the announcer starts. */
  readonly wire?: (site: InterfaceSite) => void;
  readonly steps: readonly Step[];
}

/**
 * Plays a case on a new node.
 *
 * @param took where to note how long each answer took: `what ms`
 */
export async function play({ wire, steps }: Case, site: InterfaceSite, took: string[]): Promise<void> {
  await site.renewNode();
  wire?.(site);
  await site.announce();
  for (const { what, do: act, address, link, silent, asker, unheard } of steps) {
    act?.(site);
    if (silent !== undefined) await site.silent(silent, address);
    if (link !== undefined) {
      const { ms } = await site.answers(link, address, asker);
      if (act !== undefined) took.push(`${what} ${ms}`);
    }
    if (unheard !== undefined) await site.unheard(unheard, address);
  }
  site.checkFrames();
}

/** A second interface on the same LAN, up, with this address. */
export function second(site: InterfaceSite, address?: string): void {
  site.plug('eth1');
  site.ip('link set eth1 up', ...(address === undefined ? [] : [`address add ${address} dev eth1`]));
}
