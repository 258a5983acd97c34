/** Starts work once the host has loaded the app, without keeping the host waiting. Does nothing where no host runs the process. */
export function onHostStart(work: () => Promise<void>): void {
  if (!hasHost()) return;
  const { app } = require('@azure/functions') as typeof import('@azure/functions');
  app.hook.appStart(() => void work().catch(() => undefined));
}

/** Marks the listener of {@link onRejection}: apps in one process need one. */
const LISTENER = Symbol.for('turnwise.rejectionListener');

/**
 * Hears of rejections that nothing handles. What `hear` knows nothing of ends as it would without a listener: another listener has it, or it is an
 * uncaught exception, which ends a worker. Does nothing where no host runs the process, because that is then its owner's.
 *
 * @param hear returns whether the rejection is dealt with
 */
export function onRejection(hear: (reason: unknown) => boolean): void {
  if (!hasHost() || process.listeners('unhandledRejection').some((each) => LISTENER in each)) return;
  const listener = (reason: unknown): void => {
    if (!hear(reason) && process.listenerCount('unhandledRejection') === 1) throw reason;
  };
  process.on('unhandledRejection', Object.assign(listener, { [LISTENER]: true }));
}

/**
 * Returns whether a host runs this process: it supplies the module by which `@azure/functions` reaches it. Elsewhere, as in an author's unit
 * tests, registering a hook would only print a warning.
 */
function hasHost(): boolean {
  try {
    require('@azure/functions-core');
    return true;
  } catch {
    return false;
  }
}
