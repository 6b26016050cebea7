import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { LbError } from '@openyurt/nodepool-types';

/** Frames handed over in one turn of the loop; FRAMES_PER_TURN in packet.h. */
export const FRAMES_PER_TURN = 64;
/** Words of `info` per frame: captured bytes, bytes on the wire, packet type, seconds, nanoseconds. */
export const INFO_FIELDS = 5;

/** An open AF_PACKET socket. Numbers below zero are negated errno values. */
export interface NativePacketSocket {
  send(frame: Buffer): number;
  /** @returns how many of `count` frames went out, in order */
  sendMany(slots: Buffer, slotBytes: number, lengths: Uint32Array, count: number): number;
  /** Frames that lie in the ring already, into the slots. @returns how many */
  take(): number;
  statistics(): { received: number; dropped: number; truncated: number };
  close(): void;
  ref(): void;
  unref(): void;
}

export interface NativeRouteSocket {
  send(request: Buffer): number;
  close(): void;
  ref(): void;
  unref(): void;
}

export type NativeErrorListener = (code: string, syscall: string, errno: number) => void;

/** edge-speaker/native: both calls throw Errors with `code`, `errno` and `syscall`. */
export interface NativeAddon {
  openPacket(options: {
    ifindex: number;
    /** EtherType to bind to; 3 is ETH_P_ALL. */
    protocol: number;
    /** Array of struct sock_filter. */
    filter: Buffer;
    /** Bytes of one ring frame, kernel header (66 bytes before the Ethernet header) included; a multiple of 16. */
    frameBytes: number;
    frameCount: number;
    promiscuous: boolean;
    slots: Buffer;
    slotBytes: number;
    info: Uint32Array;
    onFrames: (count: number) => void;
    onError: NativeErrorListener;
  }): NativePacketSocket;
  openRoute(options: {
    /** Mask of RTMGRP_*. */
    groups: number;
    onMessages: (datagram: Buffer) => void;
    onError: NativeErrorListener;
  }): NativeRouteSocket;
}

/** From edge-speaker/dist and from edge-speaker/src/io. */
const PLACES = ['../native/build/Release/packet.node', '../../native/build/Release/packet.node'];
let loaded: NativeAddon | undefined;

/**
 * The addon, loaded once. `YURTLB_NATIVE` names another file than the built one.
 *
 * @throws LbError `LB_NATIVE_MISSING`
 */
export function loadNative(): NativeAddon {
  if (loaded !== undefined) return loaded;
  if (process.platform !== 'linux') {
    throw missing(`raw Ethernet frames need Linux, this is ${process.platform}`, 'Run the speaker on a Linux node.');
  }
  const named = process.env.YURTLB_NATIVE;
  const candidates = named ? [named] : PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const file = candidates.find((candidate) => existsSync(candidate));
  if (file === undefined) {
    throw missing(
      `the native part is not built (looked for ${candidates.join(' and ')})`,
      `${named ? 'Let YURTLB_NATIVE name the built file, or leave it away. ' : ''}Install a compiler (apt-get install -y build-essential python3) and run: node test/support/build/native.mjs`,
    );
  }
  try {
    loaded = createRequire(import.meta.url)(file) as NativeAddon;
  } catch (cause) {
    throw missing(
      `the native part ${file} does not load: ${cause instanceof Error ? cause.message : String(cause)}`,
      `Build it for this machine and Node ${process.version}: node test/support/build/native.mjs`,
      cause,
    );
  }
  return loaded;
}

function missing(what: string, remedy: string, cause?: unknown): LbError {
  return new LbError('LB_NATIVE_MISSING', what, remedy, { cause });
}

/** What an Error of the addon or of Node carries. */
export function errnoOf(error: unknown): { code: string; syscall: string } {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return { code: code ?? 'UNKNOWN', syscall: syscall ?? 'unknown call' };
}
