import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Fields, fieldsOf, isFields, textOf } from '../api-server/object.ts';
import { apiVersionOf } from '../api-server/resources.ts';
import type { Gvr } from './request-info.ts';

/** Names the kind of a folder's objects; no Kubernetes name begins with a dot. */
const KIND_FILE = '.kind';

/** The folder of one component and resource. */
export interface Folder extends Gvr {
  component: string;
}

/**
 * `<dir>/<component>/<resource>.<version>.<group>/[<namespace>/]<name>`, one JSON object a file, as yurthub lays out
 * /etc/kubernetes/cache. Nothing is held in memory: the folder may be wiped at any time.
 */
export class DiskCache {
  constructor(private readonly dir: string) {}

  /** Puts exactly these objects there; an empty list is remembered as one. @param namespace empty: all */
  replace(folder: Folder, namespace: string, kind: string, items: readonly Fields[]): void {
    const root = this.rootOf(folder);
    rmSync(join(root, namespace), { recursive: true, force: true });
    mkdirSync(join(root, namespace), { recursive: true });
    this.write(join(root, KIND_FILE), kind);
    const apiVersion = storedVersion(kind, folder);
    for (const item of items)
      this.write(this.pathOf(folder, item, namespace), JSON.stringify({ ...item, kind, apiVersion }));
  }

  /** One object joins the folder, unless a newer state of it is there. @param namespace where the object names none */
  put(folder: Folder, object: Fields, namespace = ''): void {
    const kind = textOf(object.kind);
    if (kind === '' || textOf(fieldsOf(object.metadata).name) === '') return;
    const path = this.pathOf(folder, object, namespace);
    const known = readJson(path);
    if (known !== undefined && versionOf(known) > versionOf(object)) return;
    this.write(join(this.rootOf(folder), KIND_FILE), kind);
    this.write(path, JSON.stringify(object));
  }

  remove(folder: Folder, object: Fields): void {
    rmSync(this.pathOf(folder, object), { force: true });
  }

  get(folder: Folder, namespace: string, name: string): Fields | undefined {
    return name.startsWith('.') ? undefined : readJson(join(this.rootOf(folder), namespace, name));
  }

  /** @returns undefined where nothing was ever kept: that is no empty list */
  list(folder: Folder, namespace: string): { kind: string; items: Fields[] } | undefined {
    const root = this.rootOf(folder);
    const here = join(root, namespace);
    const kind = readText(join(root, KIND_FILE));
    if (kind === undefined || !existsSync(here)) return undefined;
    const files = readdirSync(here, { recursive: true, withFileTypes: true });
    const paths = files.filter((f) => f.isFile() && !f.name.startsWith('.')).map((f) => join(f.parentPath, f.name));
    return {
      kind,
      items: paths.sort().flatMap((p): Fields[] => {
        const o = readJson(p);
        return o === undefined ? [] : [o];
      }),
    };
  }

  /** Texts that are no Kubernetes objects, e.g. what /version said. */
  text(path: string): string | undefined {
    return readText(join(this.dir, path));
  }

  keepText(path: string, text: string): void {
    this.write(join(this.dir, path), text);
  }

  wipe(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  private rootOf({ component, group, version, resource }: Folder): string {
    return join(this.dir, component, `${resource}.${version}.${group === '' ? 'core' : group}`);
  }

  private pathOf(folder: Folder, object: Fields, fallback = ''): string {
    const { namespace, name } = fieldsOf(object.metadata);
    return join(this.rootOf(folder), textOf(namespace) || fallback, textOf(name));
  }

  private write(path: string, text: string): void {
    const folder = dirname(path);
    const temporary = join(folder, `.${basename(path)}.tmp`);
    for (let last = false; ; last = true) {
      try {
        mkdirSync(folder, { recursive: true });
        writeFileSync(temporary, text);
        renameSync(temporary, path);
        return;
      } catch (error) {
        // somebody wiped the folder at this very moment
        if (last) throw error;
      }
    }
  }
}

/** The apiVersion of kept objects: of metadata alone it is not the resource's. */
export function storedVersion(kind: string, gvr: Gvr): string {
  return kind === 'PartialObjectMetadata' ? 'meta.k8s.io/v1' : apiVersionOf(gvr);
}

/** A resourceVersion as a number; 0 where there is none. */
export function versionOf(object: Fields): number {
  return Number(textOf(fieldsOf(object.metadata).resourceVersion)) || 0;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function readJson(path: string): Fields | undefined {
  const text = readText(path);
  const value: unknown = text === undefined ? undefined : JSON.parse(text);
  return isFields(value) ? value : undefined;
}
