import { LbError } from '@openyurt/nodepool-types';

const GO_ON = 'Addresses are announced as before meanwhile.';

/** What went wrong on the road, by the code of Node or OpenSSL: in words, and what to do. */
const ROAD: readonly { readonly codes: RegExp; readonly what: string; readonly remedy: string }[] = [
  {
    codes: /^ECONNREFUSED$/,
    what: 'nothing listens there',
    remedy: 'See that YurtHub (or the API server) runs, and that --server names its address and port.',
  },
  {
    codes: /^(ENOTFOUND|EAI_AGAIN)$/,
    what: 'the name is not known',
    remedy: 'See that the name in --server is right and that this node has a resolver; an IP address needs none.',
  },
  {
    codes: /^(EHOSTUNREACH|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL)$/,
    what: 'there is no route',
    remedy: 'See that the uplink of this node is up (ip route get).',
  },
  {
    codes: /^(ECONNRESET|EPIPE)$/,
    what: 'the connection was hung up',
    remedy: 'Look at the log of YurtHub (or of the API server) on the other end.',
  },
  {
    codes: /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^ERR_TLS|^ERR_SSL|^EPROTO$/,
    what: 'TLS does not come about',
    remedy:
      'Name the right authority with --ca-file or in the kubeconfig, https or http as the server speaks it; see the clock of this node.',
  },
];

/** A request without an answer. @param url with its path, without its query */
export function noAnswer(url: string, cause: unknown): LbError {
  if (cause instanceof LbError) return cause;
  const { code = '', message = '' } = cause instanceof Error ? (cause as NodeJS.ErrnoException) : {};
  const known = ROAD.find(({ codes }) => codes.test(code));
  const why = known === undefined ? message || code || String(cause) : `${known.what} (${message || code})`;
  const remedy = known?.remedy ?? 'See that the link to the cloud is up, and that --server names the right address.';
  return new LbError('LB_API_UNREACHABLE', `${url}: ${why}`, `${remedy} ${GO_ON}`, { cause });
}

/** An answer that is not the one that was asked for; it says nothing about objects. */
export function badAnswer(url: string, status: number, text: string): LbError {
  const what = `${url}: HTTP ${status}${wordOf(text)}`;
  switch (status) {
    case 400:
      return new LbError('LB_API_UNREACHABLE', what, `YurtHub says that it cannot reach the cloud. ${GO_ON}`);
    case 401:
      return new LbError('LB_API_REFUSED', what, `Check the token (--token-file, the kubeconfig). ${GO_ON}`);
    case 403:
      return new LbError('LB_API_REFUSED', what, `Check the role of the ServiceAccount against manifests/. ${GO_ON}`);
    case 200:
    case 404:
      return new LbError('LB_API_REFUSED', what, `See that a Kubernetes API listens at --server. ${GO_ON}`);
    default:
      return new LbError('LB_API_UNREACHABLE', what, `Nothing to do at once: it is asked again. ${GO_ON}`);
  }
}

/** The `message` of a Kubernetes Status, or a short text as it is. */
function wordOf(text: string): string {
  let word = text.trim();
  try {
    word = String((JSON.parse(text) as { message?: unknown }).message ?? '');
  } catch {
    // no Status: the text itself
  }
  const line = word.split('\n', 1)[0] ?? '';
  return line === '' ? '' : `: ${line.slice(0, 200)}`;
}
