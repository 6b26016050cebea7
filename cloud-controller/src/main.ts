import { LbError, VERSION } from '@openyurt/nodepool-types';
import { Controller } from './controller.ts';
import type { CredentialSource } from './kube/access.ts';
import { PodAccount } from './kube/pod-account.ts';
import { openLog } from './observe/log.ts';
import { HELP, type Options, parseOptions } from './options.ts';

/**
 * Runs the controller until SIGTERM or SIGINT.
 *
 * @param argv the arguments after `controller`
 * @returns the exit code: 0 asked to stop, 1 could not run or lost its Lease, 2 bad options
 */
export async function main(argv: string[]): Promise<number> {
  let options: Options | undefined;
  try {
    options = parseOptions(argv, process.env);
  } catch (error) {
    process.stderr.write(`yurtlb controller: ${sayError(error)}\n`);
    return 2;
  }
  if (options === undefined) {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  const log = openLog(options.logLevel, options.logFormat);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  try {
    log.info('starting', { version: VERSION, namespace: options.namespace });
    return await new Controller(options, await credentialsFor(options.kubeconfig), log).run(stop.signal);
  } catch (err) {
    log.error('cannot run', { err });
    return 1;
  } finally {
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
  }
}

/** What reads kubeconfigs is 2.5 MB of code in a file of its own; a controller in a Pod never loads it. */
async function credentialsFor(kubeconfig: string | undefined): Promise<CredentialSource> {
  const account = kubeconfig === undefined ? PodAccount.find(process.env) : undefined;
  if (account !== undefined) return account;
  const { Credentials } = await import('./kube/credentials.ts');
  return Credentials.load(kubeconfig);
}

function sayError(error: unknown): string {
  if (error instanceof LbError) return `${error.message}. ${error.remedy}`;
  return error instanceof Error ? error.message : String(error);
}
