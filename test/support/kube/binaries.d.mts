export type ProgramName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-proxy' | 'kubectl';
export const KUBE_VERSION: string;
export const PROGRAMS: readonly ProgramName[];
export function cacheDir(env?: NodeJS.ProcessEnv): string;
export function assetsDir(env?: NodeJS.ProcessEnv): string | undefined;
export function findPrograms(env?: NodeJS.ProcessEnv): {
  found: Partial<Record<ProgramName, string>>;
  missing: ProgramName[];
};
