import { ERRORS, TurnwiseError } from '../../schema/errors';
import { type Environment, readSettings, type Settings } from '../../settings';
import { type Finding, findings } from './finding';

const { ok, problem, warning } = findings('configuration');

/** Whether the app would start with these settings. */
export function checkConfiguration(env: Environment): {
  readonly settings: Settings | undefined;
  readonly found: readonly Finding[];
} {
  let settings: Settings;
  try {
    settings = readSettings(env);
  } catch (error) {
    if (!(error instanceof TurnwiseError)) throw error;
    return {
      settings: undefined,
      found: [problem(error.message, `docs/configuration.md; docs/errors.md: ${error.code}.`)],
    };
  }
  const found = [ok(`${settings.environment}, store ${settings.store.kind}, queue by ${settings.queue.kind}`)];
  if (settings.environment === 'production' && settings.telemetry === undefined) {
    found.push(
      warning('Traces, metrics and logs go nowhere.', 'Set APPLICATIONINSIGHTS_CONNECTION_STRING: docs/telemetry.md.'),
    );
  }
  if (settings.storageConflict)
    found.push(problem(ERRORS.StorageSettingConflict, 'docs/errors.md: StorageSettingConflict.'));
  return { settings, found };
}
