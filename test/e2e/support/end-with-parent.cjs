/** Loaded into processes that tests start: they end with the test runner, even when that one is killed and cannot end them itself. */
const parent = process.ppid;
setInterval(() => process.ppid === parent || process.exit(1), 500).unref();
