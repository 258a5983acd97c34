#!/usr/bin/env node
/*
 * The entry point of `npx turnwise`. It looks at the Node version before anything else is loaded, because what is loaded next
 * needs modules that older versions do not have.
 */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  process.stderr.write(
    `turnwise: Node 22.13 or newer is needed, and this is ${process.versions.node}. Use a newer one, or "npm run turnwise --" in a project that brings its own.\n`,
  );
  process.exit(1);
}

const { runCommand } = require('./program') as typeof import('./program');
void runCommand(process.argv, process.cwd());
