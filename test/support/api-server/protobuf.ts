import { type Fields, fieldsOf, listOf, textOf } from './object.ts';
import { badRequest, unsupportedMediaType } from './status-error.ts';

/*
 * Reads what `kubectl create` sends as protobuf whatever it is told: Kubernetes' envelope (`k8s\0` and runtime.Unknown)
 * and the few kinds people create that way. Field numbers are those of k8s.io/api's generated.proto. Answers are JSON.
 */

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const MAGIC = Buffer.from('k8s\0');

type Kind = 'text' | 'bytes' | 'int' | 'bool' | 'text-map' | 'bytes-map' | 'int-or-string' | Message;
/** field number → name and kind; a name that ends in `[]` is a list */
type Message = { readonly [number: number]: readonly [name: string, kind: Kind] };

const META: Message = {
  1: ['name', 'text'],
  2: ['generateName', 'text'],
  3: ['namespace', 'text'],
  11: ['labels', 'text-map'],
  12: ['annotations', 'text-map'],
  14: ['finalizers[]', 'text'],
};
const PORT: Message = {
  1: ['name', 'text'],
  2: ['protocol', 'text'],
  3: ['port', 'int'],
  4: ['targetPort', 'int-or-string'],
  5: ['nodePort', 'int'],
};
const SERVICE_SPEC: Message = {
  1: ['ports[]', PORT],
  2: ['selector', 'text-map'],
  3: ['clusterIP', 'text'],
  4: ['type', 'text'],
  5: ['externalIPs[]', 'text'],
  10: ['externalName', 'text'],
};
const KINDS: Readonly<Record<string, Message>> = {
  Namespace: { 1: ['metadata', META] },
  ServiceAccount: { 1: ['metadata', META] },
  ConfigMap: {
    1: ['metadata', META],
    2: ['data', 'text-map'],
    3: ['binaryData', 'bytes-map'],
    4: ['immutable', 'bool'],
  },
  Secret: { 1: ['metadata', META], 2: ['data', 'bytes-map'], 3: ['type', 'text'], 4: ['stringData', 'text-map'] },
  DeleteOptions: { 2: ['preconditions', { 1: ['uid', 'text'], 2: ['resourceVersion', 'text'] }] },
  SelfSubjectReview: {},
  SelfSubjectAccessReview: {},
  Service: { 1: ['metadata', META], 2: ['spec', SERVICE_SPEC] },
};
const UNKNOWN: Message = { 1: ['typeMeta', { 1: ['apiVersion', 'text'], 2: ['kind', 'text'] }], 2: ['raw', 'bytes'] };
const INT_OR_STRING: Message = { 1: ['type', 'int'], 2: ['int', 'int'], 3: ['text', 'text'] };

/** @throws StatusError 400 for bytes that are no such message, 415 for a kind that is not read here */
export function decodeProtobuf(body: Buffer): Fields {
  if (!body.subarray(0, 4).equals(MAGIC)) throw badRequest('provided data does not appear to be a protobuf message');
  const envelope = decode(body.subarray(4), UNKNOWN);
  const { apiVersion, kind } = fieldsOf(envelope.typeMeta);
  const message = KINDS[textOf(kind)];
  if (message === undefined) throw unsupportedMediaType(['application/json']);
  return { apiVersion, kind, ...decode(Buffer.from(textOf(envelope.raw), 'base64'), message) };
}

/** A cursor over protobuf's wire format. */
class Reader {
  private offset = 0;
  constructor(private readonly b: Buffer) {}
  get done(): boolean {
    return this.offset >= this.b.length;
  }
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 64; shift += 7) {
      const byte = this.b[this.offset++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw badRequest('unable to decode: a number is cut off');
  }
  block(): Buffer {
    const length = this.varint();
    if (this.offset + length > this.b.length) throw badRequest('unable to decode: a field is cut off');
    this.offset += length;
    return this.b.subarray(this.offset - length, this.offset);
  }
}

function decode(b: Buffer, message: Message): Fields {
  const reader = new Reader(b);
  const out: Fields = {};
  while (!reader.done) {
    const tag = reader.varint();
    const wire = tag % 8;
    if (wire !== 0 && wire !== 2) throw badRequest(`unable to decode: wire type ${wire}`);
    const value = wire === 0 ? reader.varint() : reader.block();
    const field = message[Math.floor(tag / 8)];
    if (field !== undefined) put(out, field[0], field[1], value);
  }
  return out;
}

function put(out: Fields, name: string, kind: Kind, value: number | Buffer): void {
  if (kind === 'text-map' || kind === 'bytes-map') {
    const entry = decode(asBlock(value), { 1: ['key', 'text'], 2: ['value', kind === 'text-map' ? 'text' : 'bytes'] });
    out[name] = { ...fieldsOf(out[name]), [textOf(entry.key)]: textOf(entry.value) };
    return;
  }
  const plain = plainOf(kind, value);
  if (name.endsWith('[]')) out[name.slice(0, -2)] = [...listOf(out[name.slice(0, -2)]), plain];
  else out[name] = plain;
}

function plainOf(kind: Exclude<Kind, 'text-map' | 'bytes-map'>, value: number | Buffer): unknown {
  if (kind === 'int') return value;
  if (kind === 'bool') return value === 1;
  if (kind === 'text') return asBlock(value).toString('utf8');
  if (kind === 'bytes') return asBlock(value).toString('base64');
  if (kind !== 'int-or-string') return decode(asBlock(value), kind);
  const either = decode(asBlock(value), INT_OR_STRING);
  return either.type === 1 ? textOf(either.text) : (either.int ?? 0);
}

function asBlock(value: number | Buffer): Buffer {
  if (typeof value === 'number') throw badRequest('unable to decode: a number where bytes belong');
  return value;
}
