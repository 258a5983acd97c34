// Runs a contender, with the time noted before anything of it has been read.
globalThis.loadingBegan = performance.now();
require(process.argv[2]);
