import { isIPv6 } from 'node:net';

/**
 * Whether a `Host` header names this host by loopback: `localhost` or a loopback address, with any port. A page in a browser
 * on this host that was given 127.0.0.1 under a name of its own (DNS rebinding) sends that name.
 *
 * @param header e.g. `127.0.0.1:10371`, `[::1]`, `localhost`
 */
export function isLoopbackHost(header: string): boolean {
  const host = header.replace(/:\d*$/, '').toLowerCase();
  if (host === 'localhost') return true;
  if (/^\[.*\]$/.test(host)) return isIPv6(host.slice(1, -1)) && new URL(`http://${host}`).hostname === '[::1]';
  return /^127(?:\.\d{1,3}){3}$/.test(host);
}
