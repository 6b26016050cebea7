interface Line {
  readonly atMs: number;
  readonly who: string;
  readonly what: string;
  readonly address: string | undefined;
}

/** What happened, for a person who looks for the reason. */
export class Trace {
  private readonly lines: Line[] = [];

  add(atMs: number, who: string, what: string, address?: string): void {
    this.lines.push({ atMs, who, what, address });
  }

  /** The last lines about the address, or about the site as a whole. */
  last(count: number, address: string | undefined): string {
    const about = this.lines.filter((line) => line.address === undefined || line.address === address);
    const shown = about.slice(-count).map(({ atMs, who, what, address: of }) => {
      return `${atMs.toFixed(2).padStart(10)} ms  ${who.padEnd(8)} ${of === undefined ? '' : `${of} `}${what}`;
    });
    return [...(about.length > count ? [`  … ${about.length - count} lines before`] : []), ...shown].join('\n');
  }
}
