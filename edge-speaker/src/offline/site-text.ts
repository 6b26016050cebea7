import { type AddressConfig, type Decoded, LbError, type SiteConfig } from '@openyurt/nodepool-types';
import type { ConfigFacts } from './slim.ts';

type Data = Record<string, string>;

/** What one reading of the NodePool's ConfigMap came to. */
export interface SiteReading {
  /** {@link SiteText.site} is another one than before. */
  readonly changed: boolean;
  readonly effects: SiteWord[];
}

export type SiteWord =
  | {
      readonly kind: 'say';
      readonly level: 'info' | 'warn';
      readonly msg: string;
      readonly fields: Record<string, unknown>;
    }
  | { readonly kind: 'trouble'; readonly error: LbError };

/** `data.site` in force: the last text that decoded, also after a restart with a bad one. */
export class SiteText {
  private text: string | undefined;
  private current: SiteConfig;
  /** Undefined: no text has decoded, the defaults hold. */
  decoded: SiteConfig | undefined;

  constructor(
    private readonly defaults: SiteConfig,
    remembered: SiteConfig | undefined,
  ) {
    this.decoded = remembered;
    this.current = remembered ?? defaults;
  }

  get site(): SiteConfig {
    return this.current;
  }

  /** @param config undefined: the NodePool has no ConfigMap, the defaults hold */
  read(config: ConfigFacts | undefined, decode: (data: Data) => Decoded<AddressConfig>): SiteReading {
    const data: Data = {};
    if (config?.config !== undefined) data.config = config.config;
    if (config?.site !== undefined) data.site = config.site;
    const text = config === undefined ? '' : JSON.stringify([config.name, data]);
    if (text === this.text) return { changed: false, effects: [] };
    this.text = text;
    if (config === undefined) return this.adopt(undefined, []);
    const decoded = decode(data);
    if (decoded.ok)
      return this.adopt(
        decoded.value.site,
        decoded.warnings.map((warning) => warn(config.name, warning)),
      );
    const problems = decoded.problems.map(({ line, col, problem }) => `${line}:${col} ${problem}`);
    const remedy = `Correct it (yurtlb validate shows every problem with its remedy). The last good one stays in force.`;
    const error = new LbError(
      'LB_CONFIG_REFUSED',
      `ConfigMap ${config.name} is refused: ${problems.join('; ')}`,
      remedy,
    );
    return { changed: false, effects: [{ kind: 'trouble', error }] };
  }

  private adopt(site: SiteConfig | undefined, effects: SiteWord[]): SiteReading {
    const before = JSON.stringify(this.current);
    this.decoded = site;
    this.current = site ?? this.defaults;
    return { changed: JSON.stringify(this.current) !== before, effects };
  }
}

function warn(configMap: string, { line, col, problem }: { line: number; col: number; problem: string }): SiteWord {
  return { kind: 'say', level: 'warn', msg: 'site configuration', fields: { configMap, line, col, problem } };
}
