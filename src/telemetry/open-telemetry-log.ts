import { logs, SeverityNumber } from '@opentelemetry/api-logs';
import type { Log } from '../ports/log';
import { SCOPE } from './open-telemetry';

type Fields = Parameters<Log['event']>[2];

const SEVERITIES = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
} as const;

/**
 * Events as log records of OpenTelemetry: the name is `turnwise.<event>`, the body its line, the attributes its fields, and they belong to the
 * span that is going on. Goes nowhere when the process has registered no SDK. Events below `info` are left out.
 * @param lineOf how an event is written as a line
 */
export function openTelemetryLog(lineOf: (name: string, fields: Fields) => string): Log {
  return {
    event(level, name, fields) {
      if (level === 'debug') return;
      logs.getLogger(SCOPE).emit({
        severityNumber: SEVERITIES[level],
        severityText: level.toUpperCase(),
        eventName: `${SCOPE}.${name}`,
        body: lineOf(name, fields),
        attributes: { ...fields },
      });
    },
  };
}

/** Tells several logs. What one throws does not keep the event from the others. */
export function everyLog(...all: readonly Log[]): Log {
  return {
    event(level, name, fields) {
      for (const log of all) {
        try {
          log.event(level, name, fields);
        } catch {
          // As in `logEvent`: its line, and nothing else.
        }
      }
    },
  };
}
