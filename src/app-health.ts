import type { HttpResponseInit } from '@azure/functions';
import type { TokenSource } from './azure/token-source';
import { GivenUp, within } from './azure/within';
import type { Clock } from './ports/clock';
import type { Doorbell } from './ports/doorbell';
import type { InboundAuth } from './ports/inbound-auth';
import type { Store } from './ports/store';
import { showsStoppedTimer } from './runtime/sweep-watch';
import { type ErrorCode, TurnwiseError } from './schema/errors';
import type { Settings } from './settings';
import { conversationKey } from './turn/keys';

/** What an app cannot work without, each as something that is asked: it rejects when it is not to be had. */
export type Probes = Readonly<Partial<Record<'store' | 'queue' | 'credentials' | 'keys', () => Promise<void>>>>;

export interface ProbedParts {
  readonly store: Store;
  readonly doorbell: Doorbell;
  readonly auth: InboundAuth;
  readonly tokens: TokenSource | undefined;
  /** Opens the store, once. */
  readonly open: () => Promise<void>;
}

/** What nobody has accepted anything in. */
const NOBODY = conversationKey('turnwise', 'health');

/** How each part is asked: a read of the store, a look at the queue, a token (a kept one will do), keys that are at hand or can be had. */
export function probesOf({ auth, doorbell, open, store, tokens }: ProbedParts): Probes {
  return {
    async store() {
      await open();
      await store.turns.readState(NOBODY, 'conversation');
    },
    ...(doorbell.ready === undefined ? {} : { queue: () => doorbell.ready?.() ?? Promise.resolve() }),
    ...(tokens === undefined ? {} : { credentials: async () => void (await tokens.token()) }),
    ...(auth.ready === undefined
      ? {}
      : {
          async keys() {
            if (!(await auth.ready?.())) throw new TurnwiseError('KeysUnavailable');
          },
        }),
  };
}

/** An answer is good for this long: whoever asks often, or is many, asks nothing of what is behind. In ms. */
const GOOD_FOR_MS = 5_000;

/** What does not answer by then is not to be had, in ms. */
const LIMIT_MS = 4_000;

type Checks = Record<string, string>;

/** Notes on an app, beside the checks that decide about its health. */
export interface HealthNotes {
  /** Time at which the last sweep ended, in ISO form. */
  readonly lastSweep?: string;
  /** Codes of `docs/errors.md`. They do not make the answer a 503: the app works, and a restart by a platform would mend nothing. */
  readonly warnings?: readonly ErrorCode[];
}

/** Returns a function that reads the notes. Whatever cannot be read is left out, because a check says so. */
export function notesOf(
  store: Pick<Store, 'sweeps'>,
  settings: Pick<Settings, 'storageConflict'>,
): () => Promise<HealthNotes> {
  return async () => {
    // A store of the author's own may throw at once.
    const last = await within((async () => store.sweeps.last())(), LIMIT_MS).catch(() => undefined);
    const warnings: ErrorCode[] = [
      ...(settings.storageConflict ? (['StorageSettingConflict'] as const) : []),
      ...(last !== undefined && showsStoppedTimer(last) ? (['SweepMissed'] as const) : []),
    ];
    return {
      ...(last === undefined ? {} : { lastSweep: new Date(last.at).toISOString() }),
      ...(warnings.length === 0 ? {} : { warnings }),
    };
  };
}

/**
 * Whether the app can do its work. One look at a time, and none within five seconds of the last. Says codes and nothing else: no address,
 * no name, no message.
 *
 * @param about what is said in any case
 * @param notes reads what is said beside the checks
 */
export function healthOf(
  probes: Probes,
  clock: Pick<Clock, 'monotonic'>,
  about: Readonly<Record<string, string>>,
  notes: () => Promise<HealthNotes> = async () => ({}),
): () => Promise<HttpResponseInit> {
  let looking: Promise<readonly [Checks, HealthNotes]> | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (looking === undefined || clock.monotonic() - lookedAt >= GOOD_FOR_MS) {
      lookedAt = Number.POSITIVE_INFINITY; // Until it is over, nobody else looks.
      looking = Promise.all([look(probes), notes()]).finally(() => {
        lookedAt = clock.monotonic();
      });
    }
    const [checks, noted] = await looking;
    const code = Object.values(checks).find((check) => check !== 'ok');
    if (code === undefined) return { status: 200, jsonBody: { status: 'ok', ...about, checks, ...noted } };
    return { status: 503, jsonBody: { status: 'unavailable', ...about, checks, ...noted, error: { code } } };
  };
}

async function look(probes: Probes): Promise<Checks> {
  const entries = Object.entries(probes).map(async ([name, probe]) => [name, await askedOf(probe)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function askedOf(probe: () => Promise<void>): Promise<string> {
  try {
    await within(probe(), LIMIT_MS);
    return 'ok';
  } catch (error) {
    if (error instanceof GivenUp) return 'TimedOut';
    return error instanceof TurnwiseError ? error.code : 'Unavailable';
  }
}
