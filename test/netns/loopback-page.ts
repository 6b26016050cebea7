import type { Site } from '../support/netns/site.ts';

/**
 * A page of a loopback server, read in its namespace by curl: a Node process for each look took more of the cores than what
 * was looked at.
 *
 * @param whatever also when the answer is not 200
 * @throws Error naming the package where curl is missing
 */
export function loopbackPage(site: Site, ns: string, url: string, whatever = false): string | undefined {
  const args = ['-s', '--noproxy', '*', '--max-time', '2', '-w', '\n%{http_code}', url];
  const { status, stdout } = site.exec(ns, 'curl', args);
  if (status === 127) throw new Error('the command curl is missing. Run: apt-get install -y curl');
  const end = stdout.lastIndexOf('\n');
  return status === 0 && (whatever || stdout.slice(end + 1) === '200') ? stdout.slice(0, end) : undefined;
}
