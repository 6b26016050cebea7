import { type Outcome, type RunOptions, run } from './run.ts';
import type { Disturbance, Scenario } from './scenario.ts';

/** Shrinking a scenario may take so long, real ms. */
const SHRINK_MS = 15_000;

export interface VerdictOptions extends RunOptions {
  /** The size, where the scenario is not of the mix. */
  readonly large?: readonly [members: number, addresses: number] | undefined;
}

/** Runs again with a trace, with as few disturbances as still show the fault, and says how to replay it. */
export async function verdictOf(scenario: Scenario, { large, ...options }: VerdictOptions = {}): Promise<string> {
  const whole = await run(scenario, { ...options, tracing: true });
  if (whole.violation === undefined) return `seed ${scenario.seed}: no fault when run again; the run is not determined`;
  const small = await shrink(scenario, whole, options);
  const shown = await run(small, { ...options, tracing: true });
  const { violation = whole.violation } = shown;
  const { disturbances, ...site } = small;
  const flags = `SIM_SEED=${scenario.seed}${large === undefined ? '' : ` SIM_LARGE=${large.join('x')}`}`;
  return [
    `seed ${scenario.seed}: ${violation.fault} at ${violation.atMs.toFixed(2)} ms: ${violation.address ?? ''} ${violation.text}`,
    `replay: ${flags} npm run test:sim`,
    `site: ${JSON.stringify(site)}`,
    `${disturbances.length} of ${scenario.disturbances.length} disturbances show it: ${disturbances.map((d) => d.kind).join(', ')}`,
    shown.trace,
  ].join('\n');
}

/** Leaves out what the same fault does without. */
async function shrink(scenario: Scenario, whole: Outcome, options: RunOptions): Promise<Scenario> {
  const untilMs = Date.now() + SHRINK_MS;
  let kept: readonly Disturbance[] = scenario.disturbances;
  for (let i = kept.length - 1; i >= 0 && Date.now() < untilMs; i--) {
    const fewer = kept.filter((_, at) => at !== i);
    const { violation } = await run({ ...scenario, disturbances: fewer }, options);
    if (violation?.fault === whole.violation?.fault) kept = fewer;
  }
  return { ...scenario, disturbances: kept };
}
