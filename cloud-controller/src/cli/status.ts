import { HEALTH_PORT, hereWords, humanDuration, LbError, NODE_POOL_LABEL } from '@openyurt/nodepool-types';
import { badOption, parseCommandLine } from './command-line.ts';
import { HELP } from './help-text.ts';
import { decodeSpeakerState, type SpeakerState } from './speaker-state.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

const NONE = '<none>';
/** States of members that are not heard. */
const ABSENT: readonly string[] = ['unknown', 'dead'];

/**
 * `yurtlb status`: what the speaker on this node knows, for people without kubectl.
 *
 * @throws LbError `LB_BAD_OPTION`, `LB_SPEAKER_SILENT`
 */
export async function status(argv: readonly string[], terminal: Terminal): Promise<number> {
  const line = parseCommandLine(argv, { server: { type: 'string' }, output: { type: 'string', short: 'o' } });
  if (line.help) {
    terminal.out(HELP.status);
    return 0;
  }
  const [surplus] = line.positionals;
  if (surplus !== undefined) throw badOption(`status takes no argument ${JSON.stringify(surplus)}`, 'Remove it.');
  const output = line.text('output');
  if (output !== undefined && output !== 'json')
    throw badOption(`there is no output ${JSON.stringify(output)}`, 'Write -o json, or leave it out.');
  const url = pageOf(line.text('server') ?? `http://127.0.0.1:${HEALTH_PORT}`);
  const text = await ask(url, terminal);
  const state = decodeSpeakerState(text);
  if (state === undefined) throw silent(`${url} is no speaker's state page`);
  if (output === 'json') terminal.out(text.trimEnd());
  else for (const row of page(state)) terminal.out(row);
  return 0;
}

function pageOf(server: string): string {
  const url = URL.canParse(server) ? new URL('/state', server) : undefined;
  if (url?.protocol === 'http:') return url.href;
  throw badOption(`--server ${JSON.stringify(server)} is no URL`, `Write for example http://127.0.0.1:${HEALTH_PORT}.`);
}

async function ask(url: string, terminal: Terminal): Promise<string> {
  try {
    const { status: code, text } = await terminal.fetch(url);
    if (code === 200) return text;
    throw silent(`${url} answers HTTP ${code}`);
  } catch (error) {
    if (error instanceof LbError) throw error;
    const { code } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
    const why = code === 'ECONNREFUSED' ? 'nothing listens there' : (code ?? (error as Error).message);
    throw silent(`no speaker answers at ${url}: ${why}`);
  }
}

function silent(what: string): LbError {
  const remedy =
    'Run it on an edge node, in the network of the host, and see that the speaker runs there (crictl ps --name speaker); where --health-address is another one, name it with --server.';
  return new LbError('LB_SPEAKER_SILENT', what, remedy);
}

function page(state: SpeakerState): string[] {
  const { node = NONE, version = '<unknown>', members = [], addresses = [] } = state;
  return [
    `node ${node}, ${standingWords(state)}, yurtlb ${version}`,
    ...cloudLines(state.cloud),
    '',
    ...table(
      ['MEMBER', 'STATE', 'STANDING', 'SINCE', 'ADDRESS'],
      members.map((member) => [
        member.node ?? NONE,
        member.state ?? NONE,
        // Of one that is not there nobody knows it.
        ABSENT.includes(member.state ?? '') ? NONE : (member.standing ?? NONE),
        ago(member.forSeconds),
        member.address ?? NONE,
      ]),
      'no other members known',
    ),
    '',
    ...table(
      ['ADDRESS', 'SERVICE', 'OWNER', 'SINCE', 'HERE'],
      addresses.map(({ address, services = [], owner, ownerForSeconds, ...line }) => [
        address ?? NONE,
        services.join(',') || NONE,
        owner ?? NONE,
        ago(ownerForSeconds),
        hereWords(line) || NONE,
      ]),
      noAddresses(state),
    ),
  ];
}

function standingWords({ nodePool, standing, readyInSeconds }: SpeakerState): string {
  if (nodePool === undefined) return `in no NodePool (label the Node ${NODE_POOL_LABEL})`;
  const soon = readyInSeconds === undefined ? '' : `, ready in ${ago(readyInSeconds)}`;
  return `NodePool ${nodePool}, ${standing ?? 'in no session'}${soon}`;
}

/** `cloud: offline for 12m, last answer 12m ago`, and where it is not connected, why and what to do. */
function cloudLines({ state = NONE, ...cloud }: SpeakerState['cloud'] = {}): string[] {
  const { forSeconds, awayForSeconds, lastContactSecondsAgo, lastFailure } = cloud;
  const heard =
    typeof lastContactSecondsAgo === 'number' ? `last answer ${ago(lastContactSecondsAgo)} ago` : 'no answer yet';
  const isAway = typeof awayForSeconds === 'number';
  // A speaker that has just started is in doubt, and knows from its disk since when the cloud has been away.
  const since = isAway && state !== 'offline' ? `${state}, away for` : `${state} for`;
  const line = `cloud: ${since} ${ago(isAway ? awayForSeconds : forSeconds)}, ${heard}`;
  if (state === 'connected' || !lastFailure?.message) return [line];
  return [
    line,
    `  ${lastFailure.message.replace(/^LB_\w+: /, '')}`,
    ...(lastFailure.remedy ? [`  ${lastFailure.remedy}`] : []),
  ];
}

/** Nothing known is not nothing there. */
function noAddresses({ nodePool, view = [] }: SpeakerState): string {
  const services = view.find(({ resource }) => resource === 'services');
  if (services?.facts === 0 && services.vouchedSecondsAgo === null)
    return 'no addresses known: the cloud has not answered yet, and the cache is empty';
  return nodePool === undefined ? 'no addresses' : 'no addresses in this NodePool';
}

function ago(seconds: number | null | undefined): string {
  return typeof seconds === 'number' ? humanDuration(seconds * 1000) : NONE;
}
