const { appendFileSync, existsSync } = require('node:fs');
const { join } = require('node:path');

const folder = process.env.E2E_FOLDER;

/** Writes down what happened in this process, for the test to read. One short write, so that processes do not mix their lines. */
exports.write = (entry) => {
  appendFileSync(join(folder, 'journal.jsonl'), `${JSON.stringify({ ...entry, at: Date.now(), pid: process.pid })}\n`);
};

/** Whether the test has opened the gate of this name. */
exports.isOpen = (gate) => existsSync(join(folder, `gate-${gate}`));
