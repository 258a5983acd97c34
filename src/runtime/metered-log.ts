import type { Log } from '../ports/log';
import type { Metric, Telemetry } from '../ports/telemetry';
import type { EventFields, EventName } from './events';
import { METRICS, type OwnAttributes, own } from './telemetry';

interface Counted {
  readonly metric: Metric;
  readonly attributes?: (fields: EventFields) => OwnAttributes;
}

const outcome = (value: string) => (): OwnAttributes => ({ 'turnwise.outcome': value });

/** What each event counts as. */
const COUNTED: Readonly<Partial<Record<EventName, readonly Counted[]>>> = {
  accepted: [{ metric: METRICS.activities, attributes: outcome('accepted') }],
  scheduled: [{ metric: METRICS.activities, attributes: outcome('scheduled') }],
  duplicate: [{ metric: METRICS.activities, attributes: outcome('duplicate') }],
  acceptFailed: [{ metric: METRICS.activities, attributes: outcome('failed') }],
  refused: [
    {
      metric: METRICS.activities,
      attributes: ({ code }) => ({ 'turnwise.outcome': 'refused', 'turnwise.code': code ?? 'unknown' }),
    },
  ],
  answered: [
    { metric: METRICS.activities, attributes: outcome('answered') },
    { metric: METRICS.turns, attributes: outcome('answered') },
  ],
  deferred: [{ metric: METRICS.activities, attributes: outcome('deferred') }],
  committed: [{ metric: METRICS.turns, attributes: outcome('committed') }],
  attemptFailed: [{ metric: METRICS.failures, attributes: ({ error }) => ({ 'turnwise.code': error ?? 'unknown' }) }],
  deadLettered: [
    { metric: METRICS.turns, attributes: outcome('dead') },
    {
      metric: METRICS.deadLetters,
      attributes: ({ error }) => ({ 'turnwise.outcome': 'activity', 'turnwise.code': error ?? 'unknown' }),
    },
  ],
  deliveryDead: [
    {
      metric: METRICS.deadLetters,
      attributes: ({ code }) => ({ 'turnwise.outcome': 'reply', 'turnwise.code': code ?? 'unknown' }),
    },
  ],
  deliveryInDoubt: [{ metric: METRICS.inDoubt }],
  conflict: [{ metric: METRICS.conflicts }],
  rebased: [{ metric: METRICS.rebases }],
  fenced: [{ metric: METRICS.fenced }],
  handedOver: [{ metric: METRICS.handedOver }],
  ringFailed: [{ metric: METRICS.ringsFailed }],
  storeFault: [{ metric: METRICS.storeFaults }],
  sessionRefused: [
    {
      metric: METRICS.sessionRefusals,
      attributes: ({ container, partition }) => ({
        'turnwise.container': container ?? 'unknown',
        'turnwise.partition': partition ?? 'unknown',
      }),
    },
  ],
  sweptForTimer: [{ metric: METRICS.sweepsMissed }],
};

/** A log whose events are counted on their way: what is logged and what is counted cannot differ. */
export function meteredLog(log: Log, telemetry: Telemetry): Log {
  return {
    event(level, name, fields) {
      for (const { metric, attributes } of COUNTED[name as EventName] ?? []) {
        telemetry.measure(metric, 1, own(attributes?.(fields) ?? {}));
      }
      log.event(level, name, fields);
    },
  };
}
