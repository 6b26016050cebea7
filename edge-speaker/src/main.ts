import { randomBytes } from 'node:crypto';
import { DEFAULT_SITE_CONFIG, LbError, VERSION } from '@openyurt/nodepool-types';
import { assemble, type RunningSpeaker } from './assembly.ts';
import { openLog, type SpeakerLog } from './observe/log.ts';
import { parseOptions, type SpeakerOptions, USAGE } from './options.ts';

/** An operator's mistake on the command line, as other Unix programs say it. */
const EXIT_USAGE = 2;
/** A farewell takes 600 ms at most; nothing may hold up a rolling update longer than this. */
const LONGEST_LEAVE_MS = 1_800;

/**
 * Runs the speaker until SIGTERM or SIGINT.
 *
 * @param argv without the program and `speaker`
 * @returns the exit code
 */
export async function main(argv: readonly string[]): Promise<number> {
  let options: SpeakerOptions | 'help';
  try {
    options = parseOptions(argv, process.env);
  } catch (error) {
    if (!(error instanceof LbError)) throw error;
    process.stderr.write(`yurtlb speaker: ${error.message}\n  ${error.remedy}\n`);
    return EXIT_USAGE;
  }
  if (options === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const log = openLog(options.logLevel, options.logFormat);
  let speaker: RunningSpeaker | undefined;
  diesLoudly(log, () => speaker?.waitsForDisk() === true);
  try {
    const siteDefaults = { ...DEFAULT_SITE_CONFIG, interfaces: options.interfaces };
    const incarnation = randomBytes(8).readBigUInt64BE();
    speaker = await assemble({ options, log, siteDefaults, incarnation, env: process.env });
    log.info('speaker started', {
      version: VERSION,
      node: options.nodeName,
      incarnation: incarnation.toString(16).padStart(16, '0'),
    });
    const signal = await endSignal();
    log.info('leaving', { signal });
    const bound = new Promise<void>((resolve) => setTimeout(resolve, LONGEST_LEAVE_MS).unref());
    await Promise.race([speaker.leave(`${signal} received`), bound]);
    log.info('speaker ended');
    if (speaker.waitsForDisk()) endAtOnce();
    return 0;
  } catch (err) {
    log.fatal('speaker cannot run', { err });
    return 1;
  }
}

/** SIGHUP means nothing here: configuration is hot, and a terminal that closes must not end the announcer. */
function endSignal(): Promise<NodeJS.Signals> {
  process.on('SIGHUP', () => {});
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
  });
}

/** A state nobody foresaw: the others take over within milliseconds, and a fresh start is known to be good. */
function diesLoudly(log: SpeakerLog, waitsForDisk: () => boolean): void {
  const die = (err: unknown) => {
    log.fatal('speaker failed', { err });
    if (waitsForDisk()) endAtOnce();
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
}

/** `process.exit` joins the threads of the process first (libuv's pool), and one of them may wait for a dead disk. A write cut off here loses nothing. */
function endAtOnce(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('a killed process goes on'); // the signal is delivered before kill(2) returns
}
