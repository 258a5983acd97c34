/** Starts work once the host has loaded the app, without keeping the host waiting. Does nothing where no host runs the process. */
export function onHostStart(work: () => Promise<void>): void {
  if (!hasHost()) return;
  const { app } = require('@azure/functions') as typeof import('@azure/functions');
  app.hook.appStart(() => void work().catch(() => undefined));
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
