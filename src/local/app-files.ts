import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { describeIssue } from './json-issue';
import { oneLine, StartupError } from './startup-error';

const packageShape = z.looseObject({
  main: z.string('expected the files of the app, such as "dist/functions/*.js"'),
  type: z.string().optional(),
});

/** The files that make up an app. */
export interface AppFiles {
  /** Relative to the app's folder. */
  readonly files: readonly string[];
  readonly isModule: boolean;
}

/** Finds the compiled files that `main` in the app's `package.json` names. */
export function findAppFiles(appRoot: string): AppFiles {
  const { main, type } = readPackage(appRoot);
  const files = globSync(main, { cwd: appRoot }).sort();
  if (files.length === 0) {
    throw new StartupError(`The app is not built: nothing matches ${main}. Run "npm run build".`);
  }
  return { files, isModule: type === 'module' };
}

function readPackage(appRoot: string): z.output<typeof packageShape> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(join(appRoot, 'package.json'), 'utf8'));
  } catch (error) {
    throw new StartupError(`package.json cannot be read: ${oneLine(error)}`);
  }
  const parsed = packageShape.safeParse(json);
  if (!parsed.success) throw new StartupError(`package.json: ${describeIssue(parsed.error)}`);
  return parsed.data;
}
