/** Until when a fault is forgiven, by what happened to members and between two of them. Virtual ms. */
export class Excuses {
  private readonly noneUntil: number[];
  private readonly joinUntil: number[];
  private readonly twoUntil: number[];
  private readonly pairs = new Map<number, { none: number; two: number; meeting: boolean }>();

  constructor(members: number) {
    this.noneUntil = new Array<number>(members).fill(-1);
    this.joinUntil = new Array<number>(members).fill(-1);
    this.twoUntil = new Array<number>(members).fill(-1);
  }

  none(member: number, untilMs: number): void {
    this.noneUntil[member] = Math.max(this.noneUntil[member] ?? -1, untilMs);
  }

  two(member: number, untilMs: number): void {
    this.twoUntil[member] = Math.max(this.twoUntil[member] ?? -1, untilMs);
  }

  /** It listens to the pool before it claims anything: at most until then. */
  joining(member: number, untilMs: number): void {
    this.joinUntil[member] = Math.max(this.joinUntil[member] ?? -1, untilMs);
  }

  /** It has heard the pool. */
  joined(member: number, nowMs: number): void {
    this.joinUntil[member] = Math.min(this.joinUntil[member] ?? -1, nowMs);
  }

  pair(a: number, b: number, until: { none?: number; two?: number }): void {
    const pair = this.of(a, b);
    pair.none = Math.max(pair.none, until.none ?? -1);
    pair.two = Math.max(pair.two, until.two ?? -1);
  }

  /** A way between them opened: two may answer until they have met. */
  opened(a: number, b: number, untilMs: number): void {
    const pair = this.of(a, b);
    pair.two = Math.max(pair.two, untilMs);
    pair.meeting = true;
  }

  /** A way opened and nothing came through yet. */
  areMeeting(a: number, b: number): boolean {
    return this.pairs.get(key(a, b))?.meeting === true;
  }

  /** The first packet came through. */
  met(a: number, b: number, untilMs: number): void {
    const pair = this.pairs.get(key(a, b));
    if (pair?.meeting !== true) return;
    pair.meeting = false;
    pair.two = Math.min(pair.two, untilMs);
    pair.none = Math.min(pair.none, untilMs);
  }

  noneFor(member: number, other = member): number {
    const own = Math.max(this.noneUntil[member] ?? -1, this.noneUntil[other] ?? -1);
    const joining = Math.max(this.joinUntil[member] ?? -1, this.joinUntil[other] ?? -1);
    return Math.max(own, joining, this.pairs.get(key(member, other))?.none ?? -1);
  }

  twoFor(a: number, b: number): number {
    const own = Math.max(this.twoUntil[a] ?? -1, this.twoUntil[b] ?? -1);
    return Math.max(own, this.pairs.get(key(a, b))?.two ?? -1);
  }

  /** Neither of them, nor the way between them, was disturbed lately. */
  calm(a: number, b: number, nowMs: number): boolean {
    return this.noneFor(a, b) < nowMs && this.twoFor(a, b) < nowMs;
  }

  /** When the last excuse ends. */
  endMs(): number {
    let endMs = Math.max(...this.noneUntil, ...this.twoUntil, ...this.joinUntil);
    for (const { none, two } of this.pairs.values()) endMs = Math.max(endMs, none, two);
    return endMs;
  }

  private of(a: number, b: number): { none: number; two: number; meeting: boolean } {
    const at = key(a, b);
    let pair = this.pairs.get(at);
    if (pair === undefined) {
      pair = { none: -1, two: -1, meeting: false };
      this.pairs.set(at, pair);
    }
    return pair;
  }
}

function key(a: number, b: number): number {
  return a < b ? a * 1024 + b : b * 1024 + a;
}
