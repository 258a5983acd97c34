import { execFileSync } from 'node:child_process';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');

/** Where the compiled simulation lies, apart from `dist`, which other tests may be using. */
export const COMPILED = path.join(ROOT, 'node_modules/.cache/turnwise-sim');

/** Compiles the simulation, as `npm run sim` does. */
export function buildSimulation(): void {
  execFileSync(
    process.execPath,
    [path.join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.sim.json', '--outDir', COMPILED],
    {
      cwd: ROOT,
      stdio: 'inherit',
    },
  );
}
