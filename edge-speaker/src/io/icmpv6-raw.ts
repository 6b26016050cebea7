import { createRequire } from 'node:module';
import { LbError } from '@openyurt/nodepool-types';
import { BLOCK_ALL, ICMP6_FILTER, IPPROTO_ICMPV6, type SocketOption } from './icmpv6-options.ts';

/** An ICMPv6 socket of raw-socket 1.8.1, as far as it is used here. Everything it throws is an Error with the text of strerror(3). */
export interface RawSocket {
  /** A number goes as an int; bytes need their length. */
  setOption(level: number, option: number, value: number): void;
  setOption(level: number, option: number, value: Buffer, length: number): void;
  pauseRecv(): void;
  /** Waits until the socket takes it. The library sends one message for each turn of the loop. */
  send(message: Buffer, offset: number, length: number, to: string, done: (error: Error | null) => void): void;
  on(event: 'error', run: (error: Error) => void): void;
  close(): void;
  /** What lies under its queue. */
  readonly wrap: {
    /** Sends now, or throws. On a closed socket it would open another one. */
    send(message: Buffer, offset: number, length: number, to: string, done: () => void): void;
  };
}

export interface RawSocketModule {
  readonly AddressFamily: { readonly IPv6: number };
  createSocket(options: { protocol: number; addressFamily: number; bufferSize: number }): RawSocket;
}

/** What strerror(3) says, by the C libraries of GNU and of musl. */
const ERRNO_OF_TEXT: Readonly<Record<string, string>> = {
  'Operation not permitted': 'EPERM',
  'Permission denied': 'EACCES',
  'Resource temporarily unavailable': 'EAGAIN',
  'Cannot allocate memory': 'ENOMEM',
  'Out of memory': 'ENOMEM',
  'No buffer space available': 'ENOBUFS',
  'No such device': 'ENODEV',
  'No such device or address': 'ENXIO',
  'Invalid argument': 'EINVAL',
  'Too many open files': 'EMFILE',
  'No file descriptors available': 'EMFILE',
  'Network is down': 'ENETDOWN',
  'Network is unreachable': 'ENETUNREACH',
  'Network unreachable': 'ENETUNREACH',
  'Cannot assign requested address': 'EADDRNOTAVAIL',
  'Address not available': 'EADDRNOTAVAIL',
  'Address family not supported by protocol': 'EAFNOSUPPORT',
};

/** The name of the errno behind an Error of raw-socket, or its text. */
export function errnoOfRaw(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return ERRNO_OF_TEXT[text] ?? text;
}

let loaded: RawSocketModule | undefined;

/**
 * raw-socket, loaded when the first link needs it: 3 MB of memory that a site without IPv6 does not pay. It stands beside the
 * program, not in its bundle, for it has a native part.
 *
 * @throws LbError `LB_NATIVE_MISSING`
 */
export function loadRawSocket(): RawSocketModule {
  try {
    loaded ??= createRequire(import.meta.url)('raw-socket') as RawSocketModule;
    return loaded;
  } catch (cause) {
    const [line = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
    throw new LbError(
      'LB_NATIVE_MISSING',
      `IPv6 addresses cannot be announced, for the package raw-socket does not load: ${line}`,
      `Install a compiler (apt-get install -y build-essential python3) and run npm install again, with the Node that runs the speaker (${process.version}).`,
      { cause },
    );
  }
}

/** @throws Error of raw-socket */
export function setOption(socket: RawSocket, { level, option }: SocketOption, value: number | Buffer): void {
  if (typeof value === 'number') socket.setOption(level, option, value);
  else socket.setOption(level, option, value, value.length);
}

/**
 * An ICMPv6 socket that receives nothing: what it needs to know comes as frames, and nothing shall wake the program twice.
 *
 * @throws Error of raw-socket
 */
export function openRaw(module: RawSocketModule): RawSocket {
  const { IPv6 } = module.AddressFamily;
  const socket = module.createSocket({ protocol: IPPROTO_ICMPV6, addressFamily: IPv6, bufferSize: 16 });
  socket.pauseRecv();
  try {
    setOption(socket, ICMP6_FILTER, BLOCK_ALL);
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}
