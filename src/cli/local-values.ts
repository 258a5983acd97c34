import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { TurnwiseError } from '../schema/errors';
import type { Environment } from '../settings';

const FILE = 'local.settings.json';

const shape = z.looseObject({
  Values: z.record(z.string(), z.coerce.string()).default({}),
});

/**
 * The settings in `local.settings.json`, where an app on a development machine has them; none when there is no such file.
 * @throws TurnwiseError `SettingInvalid`, without a word of what the file holds: there are secrets in it.
 */
export function localValues(folder: string): Environment {
  let text: string;
  try {
    text = readFileSync(path.join(folder, FILE), 'utf8');
  } catch {
    return {};
  }
  try {
    return shape.parse(JSON.parse(text.replace(/^\uFEFF/, ''))).Values;
  } catch {
    throw new TurnwiseError('SettingInvalid', `${FILE} cannot be read as JSON with "Values".`);
  }
}
