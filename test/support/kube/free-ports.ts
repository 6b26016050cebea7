import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** TCP ports that nobody listens on at the moment, all different. Only for our own network namespace. */
export async function freePorts(count: number, host: string): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, host));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
