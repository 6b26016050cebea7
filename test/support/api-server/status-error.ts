import type { FieldError } from './field-error.ts';
import type { Fields } from './object.ts';

/** Names a resource or kind in an error: the group is empty for core. */
export interface Named {
  group: string;
  plural: string;
  kind: string;
}

/** An answer of the API that is not a success: becomes a meta/v1 Status body with this HTTP code. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
    readonly details?: Fields,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }

  /** The Status object of meta/v1, in the field order of the real server. */
  body(): Fields {
    const head: Fields = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: this.message };
    if (this.reason !== '') head.reason = this.reason;
    if (this.details !== undefined) head.details = this.details;
    return { ...head, code: this.code };
  }
}

/** A path no resource answers to. The real server says this one in plain text. */
export class UnknownPathError extends Error {
  override readonly name = 'UnknownPathError';
}

function resourceOf(r: Named): string {
  return r.group === '' ? r.plural : `${r.plural}.${r.group}`;
}

function detailsOf(r: Named, name: string, kind: string): Fields {
  return { ...(name === '' ? {} : { name }), ...(r.group === '' ? {} : { group: r.group }), kind };
}

/** Named by refusals of list and watch parameters. */
export const LIST_OPTIONS: Named = { group: 'meta.k8s.io', plural: 'listoptions', kind: 'ListOptions' };

export function notFound(r: Named, name: string): StatusError {
  return new StatusError(404, 'NotFound', `${resourceOf(r)} "${name}" not found`, detailsOf(r, name, r.plural));
}

export function alreadyExists(r: Named, name: string): StatusError {
  const message = `${resourceOf(r)} "${name}" already exists`;
  return new StatusError(409, 'AlreadyExists', message, detailsOf(r, name, r.plural));
}

export const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

export function conflict(r: Named, name: string, why: string = MODIFIED): StatusError {
  const message = `Operation cannot be fulfilled on ${resourceOf(r)} "${name}": ${why}`;
  return new StatusError(409, 'Conflict', message, detailsOf(r, name, r.plural));
}

export function unprocessable(r: Named, name: string, errors: readonly FieldError[]): StatusError {
  const kind = r.group === '' ? r.kind : `${r.kind}.${r.group}`;
  const texts = errors.map((e) => `${e.field}: ${e.message}`);
  const list = texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`;
  return new StatusError(422, 'Invalid', `${kind} "${name}" is invalid: ${list}`, {
    ...detailsOf(r, name, r.kind),
    causes: errors.map((e) => ({ reason: e.reason, message: e.message, field: e.field })),
  });
}

export function forbiddenHere(r: Named, name: string, why: string, causes?: Fields[]): StatusError {
  const details = { ...detailsOf(r, name, r.plural), ...(causes === undefined ? {} : { causes }) };
  return new StatusError(403, 'Forbidden', `${resourceOf(r)} "${name}" is forbidden: ${why}`, details);
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

export function methodNotAllowed(): StatusError {
  const message = 'the server does not allow this method on the requested resource';
  return new StatusError(405, 'MethodNotAllowed', message, {});
}

export function unauthorized(): StatusError {
  return new StatusError(401, 'Unauthorized', 'Unauthorized');
}

export function expired(message: string): StatusError {
  return new StatusError(410, 'Expired', message);
}

export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
  return new StatusError(415, 'UnsupportedMediaType', message);
}

/** A resourceVersion from the future: the real server waits three seconds for it, then says this. */
export function tooLargeVersion(asked: number, current: number): StatusError {
  const message = `Timeout: Too large resource version: ${asked}, current: ${current}`;
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
  return new StatusError(504, 'Timeout', message, { causes, retryAfterSeconds: 1 }, { 'Retry-After': '1' });
}

export function internal(message: string): StatusError {
  return new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });
}
