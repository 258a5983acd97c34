import type { Log } from '../ports/log';
import type { EventFields } from './events';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

type Level = (typeof LEVELS)[number];

/** Writes events to the console, one line each, as the Functions host collects them: `turnwise committed conversation=… turn=3`. */
export function consoleLog(least: Level, write: Pick<Console, Level> = console): Log {
  const from = LEVELS.indexOf(least);
  return {
    event(level, name, fields) {
      if (LEVELS.indexOf(level) < from) return;
      write[level](eventLine(name, fields));
    },
  };
}

/** An event as a line. */
export function eventLine(name: string, fields: EventFields): string {
  return ['turnwise', name, ...Object.entries(fields).map(([field, value]) => `${field}=${value}`)].join(' ');
}
