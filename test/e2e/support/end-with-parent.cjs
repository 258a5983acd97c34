/**
 * Loaded into runners that tests start: they end with the test runner, even when that one is killed and cannot end them itself. Their own
 * children inherit it, and are left to end as they do.
 */
if (process.argv[1]?.endsWith('main.js')) {
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 500).unref();
}
