import type { Judged } from '../candidates/candidate-index.ts';
import type { Effect } from './facts.ts';

const REMEDY =
  'Nothing to do where another node takes the address. Else see the Pods of the Service (crictl ps): those that started anew have new addresses, which are used once the cloud is back.';

/** One line for each address whose endpoints died, or live again. */
export function staleWords(judged: readonly Judged[]): Effect[] {
  const effects: Effect[] = [];
  for (const { address, before, after } of judged) {
    if (after === undefined || (after.endpoints === 'dead') === (before?.endpoints === 'dead')) continue;
    const fields = { address, services: after.serviceKeys };
    effects.push(
      after.endpoints === 'dead'
        ? {
            kind: 'say',
            level: 'warn',
            msg: 'no endpoint of the address takes connections',
            fields: { ...fields, remedy: REMEDY },
          }
        : { kind: 'say', level: 'info', msg: 'endpoints of the address are believed again', fields },
    );
  }
  return effects;
}
