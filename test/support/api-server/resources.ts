import type { FieldError } from './field-error.ts';
import type { Fields, KubeObject } from './object.ts';
import type { Store } from './store.ts';

export type NameRule = 'subdomain' | 'label' | 'dns1035' | 'path';

/** One column of a Table (meta/v1 TableColumnDefinition) and how its cells are found. */
export interface Column {
  name: string;
  type: string;
  format?: string;
  /** 0: always shown, 1: only with `-o wide` */
  priority?: number;
  cell(o: KubeObject): unknown;
}

/** How one kind of thing is created and changed: the part the real server calls a registry strategy. */
export interface Strategy {
  namespaced: boolean;
  nameRule: NameRule;
  /** a PUT or PATCH of the main resource leaves status alone, one of /status leaves the rest alone */
  statusSubresource: boolean;
  /** a status in the body of a create stays (nodes); elsewhere it is dropped */
  statusOnCreate?: boolean;
  /** PUT without a resourceVersion is taken */
  unconditionalUpdate: boolean;
  /** PUT of a name that is not there creates it */
  createOnUpdate: boolean;
  /** whether `metadata.generation` is kept, and which changes move it */
  generation?: (next: KubeObject, previous: KubeObject) => boolean;
  /** Defaults of decoding; `o` is the caller's own copy and is changed in place. Runs for every body, patch and status write. */
  defaults?(o: KubeObject): void;
  prepareCreate?(o: KubeObject): void;
  prepareUpdate?(next: KubeObject, previous: KubeObject): void;
  validate?(next: KubeObject, previous: KubeObject | undefined, view: View): FieldError[];
  validateStatus?(next: KubeObject, previous: KubeObject): FieldError[];
  /** what a field selector may ask beside metadata.name and metadata.namespace */
  selectable?(o: KubeObject): Record<string, string>;
  /** after the store took it: keep books of what is in use */
  stored?(next: KubeObject | undefined, previous: KubeObject | undefined): void;
  /** lists a strategic merge patch merges by key: dotted path without indexes → key (`''` for a set of plain values) */
  mergeKeys?: Readonly<Record<string, string>>;
}

/** One resource in one API version: a window on a shelf of the store. */
export interface View {
  group: string;
  version: string;
  kind: string;
  plural: string;
  singular: string;
  shortNames: readonly string[];
  categories: readonly string[];
  /** the shelf: two views with the same id show the same objects */
  id: string;
  strategy: Strategy;
  /** field selector label in this version → name in `selectable` */
  fieldLabels: Readonly<Record<string, string>>;
  columns: readonly Column[];
  /** a custom resource: other patch types, strict kind in bodies */
  custom: boolean;
  /** the structural schema of a custom resource */
  schema?: Fields;
  /** create only, nothing is stored: answers with the object it returns */
  review?: (body: Fields, user: UserInfo) => KubeObject;
  encode(o: KubeObject): KubeObject;
  decode(o: KubeObject): KubeObject;
}

/** Who asks, as authentication.k8s.io/v1 UserInfo has it. */
export interface UserInfo {
  username: string;
  uid?: string;
  groups: string[];
}

export function apiVersionOf(v: { group: string; version: string }): string {
  return v.group === '' ? v.version : `${v.group}/${v.version}`;
}

export const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'] as const;

/** A view and what it needs named; the rest is the common case. */
export type ViewSpec = Pick<View, 'group' | 'version' | 'kind' | 'plural' | 'strategy'> & Partial<View>;

export function view(spec: ViewSpec): View {
  const apiVersion = apiVersionOf(spec);
  return {
    singular: spec.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    id: spec.group === '' ? spec.plural : `${spec.plural}.${spec.group}`,
    fieldLabels: {},
    columns: [],
    custom: false,
    encode: (o) => (o.apiVersion === apiVersion ? o : { ...o, apiVersion }),
    decode: (o) => o,
    ...spec,
  };
}

/** Every view this server shows, found by path. Definitions may come and go while it runs. */
export class Registry {
  private readonly views = new Map<string, View>();
  private readonly withdrawn: ((v: View) => void)[] = [];
  constructor(readonly store: Store) {}

  /** @param run told of each view whose definition was deleted, when its objects are gone */
  onWithdrawn(run: (v: View) => void): void {
    this.withdrawn.push(run);
  }

  withdraw(v: View): void {
    for (const run of this.withdrawn) run(v);
  }

  add(v: View): void {
    this.views.set(`${apiVersionOf(v)}/${v.plural}`, v);
  }

  remove(v: View): void {
    this.views.delete(`${apiVersionOf(v)}/${v.plural}`);
  }

  find(group: string, version: string, plural: string): View | undefined {
    return this.views.get(`${apiVersionOf({ group, version })}/${plural}`);
  }

  all(): View[] {
    return [...this.views.values()];
  }

  /** One view per shelf, for walks over everything stored. */
  shelves(): View[] {
    return [...new Map(this.all().map((v) => [v.id, v])).values()].filter((v) => v.review === undefined);
  }
}
