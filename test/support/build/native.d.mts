export function buildNative():
  | { ok: true; built: boolean; note?: string }
  | { ok: false; explanation: string };
export function explainRawSocket(): string | undefined;
