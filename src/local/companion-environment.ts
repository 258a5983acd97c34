/**
 * Names of the environment variables that a companion gets from the runner's: where programs, the account's folders and temporary files are, and how
 * texts and times are written. Nothing else: the environment holds the app's secrets and settings, and a companion is not the app.
 */
const PASSED: readonly string[] = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'TMPDIR',
  'TMP',
  'TEMP',
  // Windows, whose programs do not start without the first.
  'SystemRoot',
  'SystemDrive',
  'windir',
  'ComSpec',
  'PATHEXT',
  'USERNAME',
  'USERPROFILE',
  'HOMEDRIVE',
  'HOMEPATH',
  'APPDATA',
  'LOCALAPPDATA',
  'ProgramData',
  'ProgramFiles',
];

// Windows does not distinguish case in names.
const PASSED_IN_UPPER_CASE = new Set(PASSED.map((name) => name.toUpperCase()));

/** Returns the environment of a companion: the variables above, and its own settings. */
export function companionEnvironment(
  env: NodeJS.ProcessEnv,
  settings: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const passed = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && PASSED_IN_UPPER_CASE.has(entry[0].toUpperCase()),
  );
  return { ...Object.fromEntries(passed), ...settings };
}
