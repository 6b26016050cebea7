/** One instruction of a classic BPF program: struct sock_filter. */
type Instruction = readonly [code: number, whenTrue: number, whenFalse: number, k: number];

/** What a frame socket shall receive. */
export type FrameKind = 'arp' | 'ndp';

export const ETH_P_ARP = 0x0806;
export const ETH_P_IPV6 = 0x86dd;

const LOAD_HALF = 0x28; // BPF_LD | BPF_H | BPF_ABS
const LOAD_BYTE = 0x30; // BPF_LD | BPF_B | BPF_ABS
const JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_AT_LEAST = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const JUMP_ABOVE = 0x25; // BPF_JMP | BPF_JGT | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K
const WHOLE = 0xffff;

const ARP: readonly Instruction[] = [
  [LOAD_HALF, 0, 0, 12],
  [JUMP_EQUAL, 0, 1, ETH_P_ARP],
  [RETURN, 0, 0, WHOLE],
];

/** ICMPv6 133 (router solicitation) to 137 (redirect), RFC 4861 §4; no extension headers stand before them there. */
const NDP: readonly Instruction[] = [
  [LOAD_HALF, 0, 0, 12],
  [JUMP_EQUAL, 0, 6, ETH_P_IPV6],
  [LOAD_BYTE, 0, 0, 20],
  [JUMP_EQUAL, 0, 4, 58],
  [LOAD_BYTE, 0, 0, 54],
  [JUMP_AT_LEAST, 0, 2, 133],
  [JUMP_ABOVE, 1, 0, 137],
  [RETURN, 0, 0, WHOLE],
];

/**
 * The EtherType a socket binds to. One for each kind, never ETH_P_ALL: that one is shown what the node sends, too, and the
 * kernel clones each outgoing packet for it before the filter runs.
 */
export const PROTOCOLS: Record<FrameKind, number> = { arp: ETH_P_ARP, ndp: ETH_P_IPV6 };
const PROGRAMS: Record<FrameKind, readonly Instruction[]> = { arp: ARP, ndp: NDP };

/** A program that accepts `kind` whole and nothing else, as an array of struct sock_filter in this machine's byte order. */
export function filterFor(kind: FrameKind): Buffer {
  const program: Instruction[] = [...PROGRAMS[kind], [RETURN, 0, 0, 0]];
  const bytes = Buffer.alloc(program.length * 8);
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  program.forEach(([code, whenTrue, whenFalse, k], i) => {
    words.setUint16(i * 8, code, little);
    words.setUint8(i * 8 + 2, whenTrue);
    words.setUint8(i * 8 + 3, whenFalse);
    words.setUint32(i * 8 + 4, k, little);
  });
  return bytes;
}
