import { existsSync } from 'node:fs';
import path from 'node:path';
import { configuredDoorbell, configuredEarlierState, configuredStore, sqliteFile } from '../configured';
import type { Clock } from '../ports/clock';
import type { EarlierState } from '../ports/earlier-state';
import type { Ids } from '../ports/ids';
import type { Store } from '../ports/store';
import { persist } from '../runtime/persist';
import { systemClock, systemIds } from '../runtime/system';
import { TurnwiseError } from '../schema/errors';
import { type Environment, readStoreAccess } from '../settings';
import type { StoreSettings } from '../settings-store';
import type { ConversationKey } from '../turn/keys';
import { localValues } from './local-values';
import { Progress } from './progress';

/** Whether somebody was told at once that there is work; if not, the sweep tells them within a minute. */
export type Rung = 'rung' | 'noQueue' | 'failed';

/** The open store, as a command works on it. */
export interface Desk {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Which store it is, for people. */
  readonly name: string;
  /** Where the processes of the app keep their figures: on a development machine. */
  readonly figuresFolder?: string | undefined;
  now(): number;
  /** Where the bot comes from; absent when the settings name nothing. */
  readonly earlier?: EarlierState;
  /** Asks the store, through passing faults. */
  ask<T>(call: (store: Store) => Promise<T>): Promise<T>;
  ring(key: ConversationKey): Promise<Rung>;
  /** Shows the progress of a command that takes long. Names no user. */
  progress(what: string): void;
  close(): Promise<void>;
}

/** Time for which a store that is busy or throttled is asked again, in ms. */
const PATIENCE_MS = 120_000;

/**
 * Opens the store that the app of this folder uses.
 *
 * @param show shows a line of progress
 * @throws TurnwiseError
 */
export async function openDesk(
  folder: string,
  environment: Environment,
  show: (line: string) => void = () => undefined,
): Promise<Desk> {
  const progress = new Progress(systemClock, show);
  const access = readStoreAccess({ ...localValues(folder), ...environment });
  const settings = inFolder(access.store, folder);
  mustBeThere(settings);
  const store = configuredStore(
    settings,
    access.environment,
    {},
    { request: (each) => progress.requested(each) },
    true,
  );
  const doorbell = access.queue === undefined ? undefined : configuredDoorbell(access.queue, access.environment);
  await store.open();
  return {
    store,
    clock: systemClock,
    ids: systemIds,
    name: nameOf(settings),
    figuresFolder: settings.kind === 'sqlite' ? settings.folder : undefined,
    now: () => systemClock.now(),
    ...(access.earlier === undefined ? {} : { earlier: configuredEarlierState(access.earlier) }),
    ask: (call) => persist(systemClock, () => call(store), { limitMs: PATIENCE_MS }),
    async ring(key) {
      if (doorbell === undefined) return 'noQueue';
      return doorbell.ring(key, 0).then(
        () => 'rung',
        () => 'failed',
      );
    },
    progress: (what) => progress.doing(what),
    close: () => store.close(),
  };
}

function inFolder(store: StoreSettings, folder: string): StoreSettings {
  return store.kind === 'sqlite' ? { ...store, folder: path.resolve(folder, store.folder) } : store;
}

/** Opening would make an empty file, and an empty store would be believed. */
function mustBeThere(store: StoreSettings): void {
  if (store.kind === 'memory') throw new TurnwiseError('StoreNotShared');
  if (store.kind === 'sqlite' && !existsSync(sqliteFile(store.folder))) {
    const hint = 'the app has not run yet, or TURNWISE_DATA is not what the app has';
    throw new TurnwiseError('StoreUnusable', `There is no file ${sqliteFile(store.folder)}: ${hint}.`);
  }
}

function nameOf(store: StoreSettings): string {
  switch (store.kind) {
    case 'sqlite':
      return `sqlite ${sqliteFile(store.folder)}`;
    case 'cosmos':
      return `cosmos ${store.endpoint} ${store.database}`;
    case 'memory':
      return store.kind;
  }
}
