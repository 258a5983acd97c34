import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { describeIssue } from './json-issue';
import { oneLine, StartupError } from './startup-error';

const FILE = 'local.settings.json';

const shape = z.looseObject({
  IsEncrypted: z.boolean().optional(),
  // Core Tools reads numbers and booleans as text, so both are taken here as well.
  Values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});

/**
 * The `Values` of `local.settings.json`, the file in which Core Tools keeps the app settings of a development machine. An absent
 * file means no values.
 */
export function readLocalSettings(appRoot: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(join(appRoot, FILE), 'utf8');
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return {};
    throw new StartupError(`${FILE} cannot be read: ${oneLine(error)}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    // The parser's sentence quotes the file, and this file holds secrets.
    throw new StartupError(`${FILE} is not valid JSON${positionOf(error)}.`);
  }
  const parsed = shape.safeParse(json);
  if (!parsed.success) throw new StartupError(`${FILE}: ${describeIssue(parsed.error)}`);
  if (parsed.data.IsEncrypted) {
    throw new StartupError(`${FILE} is encrypted. Run "func settings decrypt", or set the values in the environment.`);
  }
  return Object.fromEntries(Object.entries(parsed.data.Values ?? {}).map(([name, value]) => [name, String(value)]));
}

function positionOf(error: unknown): string {
  const position = /\(line (\d+) column (\d+)\)/.exec(oneLine(error));
  return position ? ` (line ${position[1]}, column ${position[2]})` : '';
}

/** Puts values into an environment. What the environment already says wins, as it does under Core Tools. */
export function applyLocalSettings(values: Record<string, string>, env: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(values)) env[name] ??= value;
}
