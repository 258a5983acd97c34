import { type DeepCheckRow, lookDeeper } from '../../diagnosis';
import { TurnwiseError } from '../../schema/errors';
import type { Settings } from '../../settings';
import { StoreFault } from '../../turn/fault';
import { table } from '../render';
import { type Finding, findings } from './finding';

/** Result of trying the store's contract: a finding, and the parts that were tried. */
export interface TriedDeeply {
  readonly finding: Finding;
  readonly rows?: readonly DeepCheckRow[];
}

/** Tries the store's contract on the account. @param progress told of each part when it is done */
export async function tryDeeply(
  { environment, store }: Settings,
  progress: (line: string) => void,
): Promise<TriedDeeply> {
  const { ok, problem, warning } = findings('contract');
  if (store.kind !== 'cosmos') {
    return { finding: ok(`nothing to try: the store ${store.kind} is a part of this program, and so of its tests`) };
  }
  try {
    const { left, rows, transport } = await lookDeeper(store, environment, ({ check, outcome }) =>
      progress(`${outcome}: ${check}`),
    );
    const failed = rows.filter(({ outcome }) => outcome === 'failed');
    const undecided = rows.filter(({ outcome }) => outcome === 'undecided');
    const by = `${rows.length} parts, by ${transport}`;
    if (failed.length > 0) {
      const fix = 'Do not use this account: what fails is what the promise rests on. The table says what was found.';
      return { rows, finding: problem(`the account does not do what a store does: ${failed.length} of ${by}`, fix) };
    }
    if (undecided.length > 0 || left > 0) {
      const why = `${undecided.length} of ${by} had no answer, and ${left} scratch items could not be removed`;
      return {
        rows,
        finding: warning(why, 'Try it again when the account is less busy; scratch items wake no sweep.'),
      };
    }
    return { rows, finding: ok(`the account does what a store does: ${by}`) };
  } catch (error) {
    if (!(error instanceof TurnwiseError || error instanceof StoreFault)) throw error;
    return { finding: problem(`the contract could not be tried: ${error.message}`, 'Put right what is named there.') };
  }
}

/** Returns the table of the parts that were tried. */
export function deepTable(rows: readonly DeepCheckRow[]): string {
  return table(rows, [
    { title: 'Outcome', of: ({ outcome }) => (outcome === 'failed' ? 'FAILED' : outcome) },
    { title: 'Requests', of: ({ requests }) => requests },
    { title: 'Units', of: ({ units }) => units },
    { title: 'Part of the contract', of: ({ check, found }) => (found === '' ? check : `${check}: ${found}`) },
  ]);
}
