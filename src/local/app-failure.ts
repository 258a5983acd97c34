/** Name under which an app looks for a listener when it cannot work. `src/app-failure.ts` has the same name; the two may be of different bundles. */
const LISTENER = Symbol.for('turnwise.failureListener');

/**
 * Has an app that is loaded from now on tell `listener`, instead of the console, why it cannot work. Such an app loads without an error, and
 * answers every request with its own.
 *
 * @returns what ends that: an app that is put together later tells the console
 */
export function listenForFailure(listener: (message: string) => void): () => void {
  const shared = globalThis as { [LISTENER]?: typeof listener };
  shared[LISTENER] = listener;
  return () => {
    delete shared[LISTENER];
  };
}
