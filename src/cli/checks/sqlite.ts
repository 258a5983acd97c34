import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { type Finding, findings } from './finding';

const { ok, problem, warning } = findings('store');

/**
 * Reports whether the embedded store is there and can be written.
 *
 * @param isDatabase tells whether a file is a database
 */
export function sqliteFindings(file: string, isDatabase: (file: string) => boolean): readonly Finding[] {
  if (!existsSync(file)) {
    const fix = 'Start it (npm start), or check TURNWISE_DATA.';
    return [warning(`There is no file ${file}: the app has not run yet, or keeps its data elsewhere.`, fix)];
  }
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
    // SQLite writes beside its file as well.
    accessSync(path.dirname(file), constants.W_OK);
    if (isDatabase(file)) return [ok(`SQLite, ${file}`)];
    return [problem(`${file} is not an SQLite database.`, 'Put a copy of it back, or check TURNWISE_DATA.')];
  } catch {
    return [problem(`${file}, or its folder, may not be written.`, 'Give whoever runs the app the right to.')];
  }
}
