import { LbError } from '@openyurt/nodepool-types';

const GO_ON = 'Addresses are announced as before meanwhile.';

const TLS = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^ERR_TLS|^ERR_SSL|^EPROTO$/;

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
    codes: /^ETIMEDOUT$/,
    what: 'the other end is silent',
    remedy: 'See that the uplink of this node carries packets (ip route get, ping).',
  },
  {
    codes: /^CERT_NOT_YET_VALID$/,
    what: 'the certificate of the server is not valid yet: the clock of this node is behind',
    remedy: 'Set the clock (timedatectl, chronyc tracking), and see to its battery if it starts in the past.',
  },
  {
    codes: /^CERT_HAS_EXPIRED$/,
    what: 'the certificate of the server has expired, or the clock of this node is ahead',
    remedy: 'See the clock (timedatectl) first; where it is right, renew the certificate of the API server.',
  },
  {
    codes: TLS,
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
  const detail = message || code;
  const why = known === undefined ? detail || String(cause) : `${known.what} (${detail}${clockOf(code)})`;
  const remedy = known?.remedy ?? 'See that the link to the cloud is up, and that --server names the right address.';
  return new LbError('LB_API_UNREACHABLE', `${url}: ${why}`, `${remedy} ${GO_ON}`, { cause });
}

/** Whether the server was met but not trusted. */
export function isTlsFailure(cause: unknown): boolean {
  return cause instanceof Error && TLS.test((cause as NodeJS.ErrnoException).code ?? '');
}

/** The day is enough to see that a clock is wrong, and the same words come again all day. */
function clockOf(code: string): string {
  const isTime = code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED';
  return isTime ? `; this node says it is ${new Date().toISOString().slice(0, 10)}` : '';
}

/** Go's word for plain HTTP on its TLS port; with 400, as an offline YurtHub says. */
const PLAIN_TO_TLS = /client sent an HTTP request to an HTTPS server/i;

/** Whether this answer to `/healthz` is a YurtHub's word that it has no way to the cloud. */
export function isHubOffline(status: number, text: string): boolean {
  return status === 400 && !PLAIN_TO_TLS.test(text);
}

/** A list or an object was expected: a portal, a proxy or another program answered. @param what there was instead */
export function noObject(url: string, what: string): LbError {
  const remedy = 'See that a Kubernetes API listens at --server, and no portal or proxy answers in its place.';
  return new LbError('LB_API_REFUSED', `${url}: HTTP 200, but ${what}`, `${remedy} ${GO_ON}`);
}

/** An answer that is not the one that was asked for; it says nothing about objects. */
export function badAnswer(url: string, status: number, text: string): LbError {
  const what = `${url}: HTTP ${status}${wordOf(text)}`;
  switch (status) {
    case 400:
      if (!isHubOffline(status, text))
        return new LbError('LB_API_UNREACHABLE', what, `Write https:// in --server or the kubeconfig. ${GO_ON}`);
      return new LbError('LB_API_UNREACHABLE', what, `YurtHub says that it cannot reach the cloud. ${GO_ON}`);
    case 401:
      return new LbError(
        'LB_API_REFUSED',
        what,
        `Check the token (--token-file, the kubeconfig): it is expired, or of another cluster. It is read again at once. ${GO_ON}`,
      );
    case 403:
      return new LbError('LB_API_REFUSED', what, `Check the role of the ServiceAccount against manifests/. ${GO_ON}`);
    case 200:
    case 404:
      return new LbError('LB_API_REFUSED', what, `See that a Kubernetes API listens at --server. ${GO_ON}`);
    case 429:
      return new LbError(
        'LB_API_UNREACHABLE',
        what,
        `It is overloaded or still starting; asked again when it says. ${GO_ON}`,
      );
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
