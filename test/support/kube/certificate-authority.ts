import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import * as der from './der.ts';

const HOUR_MS = 3_600_000;
const LIFETIME_MS = 30 * 24 * HOUR_MS; // longer than any site that was left up with --keep
const ECDSA_WITH_SHA256 = der.sequence(der.objectId('1.2.840.10045.4.3.2'));
const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
};

/** PEM texts, ready for files or a kubeconfig. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** To Kubernetes a client's common name is its user, its organizations are its groups. */
export interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

/** A throw-away X.509 authority (RFC 5280, ECDSA P-256) for one control plane. */
export class CertificateAuthority {
  readonly cert: string;
  private readonly subject: Subject = { commonName: 'yurtlb-test-ca' };
  private readonly key: KeyObject;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.key = privateKey;
    const mayCertify = extension(OID.basicConstraints, der.sequence(der.boolean(true)), 'critical');
    const certSign = extension(OID.keyUsage, der.bits(Buffer.from([0x06]), 1), 'critical'); // keyCertSign, cRLSign
    this.cert = this.certify(this.subject, publicKey, [mayCertify, certSign]);
  }

  /**
   * @param names DNS names and IP addresses under which the server is reached
   * @param fromMs when it begins to be valid, for 30 days; default an hour ago
   */
  issueServer(commonName: string, names: readonly string[], fromMs?: number): Identity {
    const alternatives = extension(OID.subjectAltName, der.sequence(...names.map(der.generalName)));
    return this.issue({ commonName }, OID.serverAuth, [alternatives], fromMs);
  }

  issueClient(subject: Subject): Identity {
    return this.issue(subject, OID.clientAuth, []);
  }

  private issue(subject: Subject, purpose: string, more: Buffer[], fromMs?: number): Identity {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const signs = extension(OID.keyUsage, der.bits(Buffer.from([0x80]), 7), 'critical'); // digitalSignature
    const usedFor = extension(OID.extendedKeyUsage, der.sequence(der.objectId(purpose)));
    const cert = this.certify(subject, publicKey, [signs, usedFor, ...more], fromMs);
    return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  }

  private certify(subject: Subject, publicKey: KeyObject, extensions: Buffer[], fromMs = Date.now() - HOUR_MS): string {
    const serial = randomBytes(16);
    serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40; // positive, and no leading zero byte
    const body = der.sequence(
      der.element(0xa0, der.integer(Buffer.from([2]))), // version 3
      der.integer(serial),
      ECDSA_WITH_SHA256,
      distinguishedName(this.subject),
      der.sequence(der.utcTime(new Date(fromMs)), der.utcTime(new Date(fromMs + HOUR_MS + LIFETIME_MS))),
      distinguishedName(subject),
      publicKey.export({ type: 'spki', format: 'der' }),
      der.element(0xa3, der.sequence(...extensions)),
    );
    return pem(der.sequence(body, ECDSA_WITH_SHA256, der.bits(sign('sha256', body, this.key))));
  }
}

function distinguishedName({ commonName, organizations = [] }: Subject): Buffer {
  const part = (id: string, text: string) => der.set(der.sequence(der.objectId(id), der.utf8(text)));
  return der.sequence(...organizations.map((o) => part(OID.organization, o)), part(OID.commonName, commonName));
}

function extension(id: string, value: Buffer, critical?: 'critical'): Buffer {
  return der.sequence(der.objectId(id), ...(critical ? [der.boolean(true)] : []), der.octets(value));
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
