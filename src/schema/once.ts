/**
 * Returns a function that runs `run` once, however many callers ask, and gives all of them its result. A rejection is not remembered: the
 * next call runs it again.
 */
export function once<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= run().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return running;
  };
}
