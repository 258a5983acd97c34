import { AsyncLocalStorage } from 'node:async_hooks';
import type { Log } from '../ports/log';
import { TurnwiseError } from '../schema/errors';
import { StoreFault } from '../turn/fault';
import type { ActivityKey, ConversationKey } from '../turn/keys';
import { logEvent } from './events';
import { errorName, type Runtime, report } from './runtime';

/** Logs a rejection that nothing has handled. */
type Tell = (error: unknown) => void;

/** Holds nothing itself: what it has belongs to the code that a turn has started, also after the turn's end. */
const turns = new AsyncLocalStorage<Tell>();

/** Returns how a turn logs what is rejected in it, or after it, and nothing waits for. */
export function tellOf(runtime: Pick<Runtime, 'log'>, conversation: ConversationKey, activity: ActivityKey): Tell {
  // A call may tell of its error, and a promise of the bot's own that waits for it then rejects with the same.
  const told = new WeakSet<object>();
  return (error) => {
    if (typeof error === 'object' && error !== null) {
      if (told.has(error)) return;
      told.add(error);
    }
    report(runtime, 'notAwaited', conversation, { activity, ...what(error) });
  };
}

/** Runs code of a turn, so that {@link hearRejection} knows whose it is. */
export function runHeard<T>(tell: Tell, run: () => T): T {
  return turns.run(tell, run);
}

/**
 * Logs a rejection that nothing has handled, if it comes from a turn or from a call of this library. One conversation's mistake would otherwise end the process, and with
 * it every turn that runs there.
 * @returns false for any other, which is for the process to deal with
 */
export function hearRejection(log: Log, error: unknown): boolean {
  const tell = turns.getStore();
  if (tell === undefined && !isOurs(error)) return false;
  if (tell === undefined) logEvent(log, 'notAwaited', what(error));
  else tell(error);
  return true;
}

const isOurs = (error: unknown): boolean => error instanceof TurnwiseError || error instanceof StoreFault;

function what(error: unknown): { readonly code: string; readonly error?: string } {
  if (error instanceof TurnwiseError) return { code: error.code };
  return { code: 'NotAwaited', error: errorName(error) };
}
