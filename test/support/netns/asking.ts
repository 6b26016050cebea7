import type { LinuxLinks } from '../../../edge-speaker/src/io/links-linux.ts';
import type { FrameSocket } from '../../../edge-speaker/src/ports/frame-socket.ts';
import type { ArpLine } from './arp-client.ts';

export function print(line: ArpLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Asks all questions at once and then at each interval, until standard input closes. */
export function askUntilEnd(
  links: LinuxLinks,
  socket: FrameSocket,
  questions: readonly Buffer[],
  intervalMs: number,
): void {
  const ask = () => {
    for (const question of questions) socket.send(question);
  };
  print({ kind: 'start', atMs: Date.now(), intervalMs });
  ask();
  const timer = setInterval(ask, intervalMs);
  process.stdin.resume().on('end', () => {
    clearInterval(timer);
    socket.close();
    links.close();
  });
}
