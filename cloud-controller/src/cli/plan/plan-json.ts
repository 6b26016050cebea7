import type { Place } from '../manifests/manifest-file.ts';
import { nameOfPath } from '../read-file.ts';
import type { PlannedService } from './plan-rows.ts';
import { countsOf, hints, passedOverOf, type Result } from './plan-text.ts';

/** The shape of `yurtlb plan -o json`, documented in docs/operations/plan.md. Fields may be added; `version` tells of any other change. */
export interface PlanJson {
  readonly version: 1;
  readonly sources: readonly {
    /** A file, `<stdin>`, or `cluster`. */
    readonly from: string;
    readonly server?: string;
    /** By kind. */
    readonly read: Readonly<Record<string, number>>;
    readonly passedOver: Readonly<Record<string, number>>;
  }[];
  /** What is wrong with address configuration, each a sentence. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly configMaps: readonly {
    readonly configMap: string;
    readonly nodePool: string;
    readonly reason: string;
    readonly message: string;
  }[];
  readonly services: readonly ServiceJson[];
  /** Services that nothing changes for and that are not listed. */
  readonly unlisted: number;
}

interface ServiceJson {
  readonly namespace: string;
  readonly name: string;
  /** Absent: from the cluster. */
  readonly file?: { readonly path: string; readonly document: number; readonly line?: number };
  readonly ours: boolean;
  readonly waiting: boolean;
  readonly rows: readonly {
    readonly state: string;
    readonly nodePool?: string;
    readonly address?: string;
    readonly from?: string;
    readonly addressPool?: string;
    readonly reasons: readonly { readonly reason: string; readonly message: string; readonly advisory: boolean }[];
  }[];
}

export function planJson(result: Result): PlanJson {
  const { cluster, files, stage, all, shown, configs } = result;
  const ofCluster = cluster && {
    from: 'cluster',
    server: cluster.server,
    read: Object.fromEntries(cluster.counts),
    passedOver: {},
  };
  return {
    version: 1,
    sources: [
      ...(ofCluster === undefined ? [] : [ofCluster]),
      ...files.map((file) => ({
        from: nameOfPath(file.path),
        read: Object.fromEntries(countsOf(file, stage)),
        passedOver: Object.fromEntries(passedOverOf(file, stage)),
      })),
    ],
    problems: [...files.flatMap(({ configProblems }) => configProblems), ...stage.problems],
    warnings: [...files.flatMap(({ configWarnings }) => configWarnings), ...stage.notes, ...hints(result)],
    configMaps: configs,
    services: shown.map((one) => serviceJson(one, stage.places)),
    unlisted: all.length - shown.length,
  };
}

function serviceJson(
  { service, isOurs, isWaiting, rows }: PlannedService,
  places: ReadonlyMap<string, Place>,
): ServiceJson {
  const { namespace = '', name = '' } = service.metadata;
  const place = places.get(`${namespace}/${name}`);
  const file = place && {
    path: nameOfPath(place.path),
    document: place.document,
    ...(place.line === undefined ? {} : { line: place.line }),
  };
  return {
    namespace,
    name,
    ...(file === undefined ? {} : { file }),
    ours: isOurs,
    waiting: isWaiting,
    rows: rows.map(({ state, nodePool, address, from, pool, reasons }) => ({
      state: state.replace(' ', '-'),
      ...(nodePool === undefined ? {} : { nodePool }),
      ...(address === undefined ? {} : { address }),
      ...(from === undefined ? {} : { from }),
      ...(pool === undefined ? {} : { addressPool: pool }),
      reasons: reasons.map(({ reason, message, advisory }) => ({ reason, message, advisory })),
    })),
  };
}
