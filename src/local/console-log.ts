import { format, styleText } from 'node:util';

export type LogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical' | 'none';

/** Where log lines go. `source` is a function's name, `host` for the runner itself, or `app` for what it writes with `console`. */
export interface RunnerLog {
  write(level: LogLevel, source: string, message: string): void;
}

const RANK: Record<LogLevel, number> = {
  trace: 0,
  debug: 1,
  information: 2,
  warning: 3,
  error: 4,
  critical: 5,
  none: 6,
};
const LABEL: Record<LogLevel, string> = {
  trace: 'trace',
  debug: 'debug',
  information: 'info ',
  warning: 'warn ',
  error: 'error',
  critical: 'crit ',
  none: '     ',
};
// A log line must not be able to move the cursor or clear the terminal: all control characters but tab and line feed.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * One compact line per entry, `time level source message`, filtered by `logging.logLevel` of `host.json` as the host does it
 * ({@link levelOf}).
 */
export function consoleLog(
  levels: Readonly<Record<string, string>>,
  out: NodeJS.WritableStream = process.stdout,
  now: () => Date = () => new Date(),
): RunnerLog {
  const thresholds = new Map<string, number>();
  const thresholdOf = (source: string): number => {
    let rank = thresholds.get(source);
    if (rank === undefined) {
      rank = thresholdFor(categoryOf(source), levels);
      thresholds.set(source, rank);
    }
    return rank;
  };
  return {
    write(level, source, message) {
      if (level === 'none' || RANK[level] < thresholdOf(source)) return;
      const time = now().toTimeString().slice(0, 8);
      const ms = String(now().getMilliseconds()).padStart(3, '0');
      // A stack has several lines; they stay together, set off from the next entry.
      const text = message.replace(CONTROL, '').trimEnd().replace(/\n/g, '\n    ');
      const line = `${time}.${ms} ${LABEL[level]} ${source.padEnd(9)} ${text}`;
      out.write(`${paint(level, line, out)}\n`);
    },
  };
}

const CONSOLE = { debug: 'debug', log: 'information', info: 'information', warn: 'warning', error: 'error' } as const;

/** Gives what the app writes with `console` the form of the other lines. Returns what undoes it. */
export function captureConsole(log: RunnerLog): () => void {
  const originals = Object.keys(CONSOLE).map((name) => [name, console[name as keyof typeof CONSOLE]] as const);
  for (const [name, level] of Object.entries(CONSOLE)) {
    console[name as keyof typeof CONSOLE] = (...args: unknown[]) => log.write(level, 'app', format(...args));
  }
  return () => void Object.assign(console, Object.fromEntries(originals));
}

function categoryOf(source: string): string {
  if (source === 'host') return 'Host';
  return source === 'app' ? 'Host.Function.Console' : `Function.${source}.User`;
}

function thresholdFor(category: string, levels: Readonly<Record<string, string>>): number {
  return RANK[levelOf(category, levels)];
}

/**
 * Returns the lowest level that `logging.logLevel` lets through for a category, by .NET's rule: the longest name that the category begins
 * with decides, in any case, then `default`. Without any setting it is `information`.
 */
export function levelOf(category: string, levels: Readonly<Record<string, string>>): LogLevel {
  let best = { length: -1, level: 'information' };
  for (const [name, level] of Object.entries(levels)) {
    const prefix = name.toLowerCase() === 'default' ? '' : name.toLowerCase();
    if (category.toLowerCase().startsWith(prefix) && prefix.length > best.length)
      best = { length: prefix.length, level };
  }
  const level = best.level.toLowerCase();
  return Object.hasOwn(RANK, level) ? (level as LogLevel) : 'information';
}

function paint(level: LogLevel, line: string, out: NodeJS.WritableStream): string {
  if (!('isTTY' in out) || out.isTTY !== true || 'NO_COLOR' in process.env) return line;
  if (RANK[level] >= RANK.error) return styleText('red', line);
  if (level === 'warning') return styleText('yellow', line);
  return line;
}
