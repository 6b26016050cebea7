/** A resource as errors and discovery name it; the group of core is empty. */
export interface ResourceName {
  readonly group: string;
  readonly plural: string;
}

/** An answer that is not a success: becomes a meta/v1 Status with this HTTP code. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }

  /** The Status object of meta/v1. */
  body(): unknown {
    const { message, reason, details, code } = this;
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code };
  }
}

export function noSuchObject({ group, plural }: ResourceName, name: string): StatusError {
  const resource = group === '' ? plural : `${plural}.${group}`;
  const details = { name, ...(group === '' ? {} : { group }), kind: plural };
  return new StatusError(404, 'NotFound', `${resource} "${name}" not found`, details);
}

export function noSuchPath(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource');
}

/** kubectl goes on without what is forbidden, and gives up on what does not exist. */
export function noPods(): StatusError {
  return new StatusError(403, 'Forbidden', 'the view of a node holds no Pods; crictl pods shows those that run on it');
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

/** `kubectl get -w` and client-go list again on this one. */
export function tooOld(asked: bigint, oldest: bigint): StatusError {
  return new StatusError(410, 'Expired', `too old resource version: ${asked} (${oldest})`);
}

export function notKnown({ group, plural }: ResourceName): StatusError {
  const resource = group === '' ? plural : `${plural}.${group}`;
  const message = `nothing is known of ${resource} on this node: the cloud has not listed them to it, and its cache holds none`;
  return new StatusError(503, 'ServiceUnavailable', message);
}
