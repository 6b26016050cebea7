/** Every code, once; `docs/reference/errors.md` lists the same, held equal by a test. */
export const LB_ERROR_CODES = [
  'LB_CONFIG_REFUSED',
  'LB_BAD_ADDRESS',
  'LB_BAD_RANGE',
  'LB_BAD_SELECTOR',
  'LB_BAD_ANNOTATION',
  'LB_BAD_OPTION',
  'LB_POOL_KEY_UNUSABLE',
  'LB_CAPABILITY_MISSING',
  'LB_NATIVE_MISSING',
  'LB_PORT_TAKEN',
  'LB_LINK_UNUSABLE',
  'LB_CACHE_UNUSABLE',
  'LB_CACHE_SHARED',
  'LB_CACHE_TOO_OPEN',
  'LB_API_UNREACHABLE',
  'LB_API_REFUSED',
  'LB_NO_KUBECONFIG',
  'LB_SPEAKER_SILENT',
] as const;

export type LbErrorCode = (typeof LB_ERROR_CODES)[number];

/** A failure an operator can act on: a stable code, what happened, what to do. */
export class LbError extends Error {
  override readonly name = 'LbError';

  constructor(
    readonly code: LbErrorCode,
    what: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(`${code}: ${what}`, options);
  }
}
