export type SiteAbility = { ok: true } | { ok: false; reason: string; remedy: string };
export function canMakeSites(): SiteAbility;
export function reexecInUserNamespaceIfNeeded(): Promise<void>;
