import { existsSync } from 'node:fs';
import path from 'node:path';
import { sqliteFile } from '../configured';
import { channelAccess, isDatabase, lookAtCosmos, lookAtQueue, lookAtSweep } from '../diagnosis';
import type { Environment, Settings } from '../settings';
import { checkChannels } from './checks/channels';
import { clockFindings } from './checks/clock';
import { checkConfiguration } from './checks/configuration';
import { cosmosFindings } from './checks/cosmos';
import { deepTable, tryDeeply } from './checks/deep';
import { type Finding, findings } from './checks/finding';
import { checkHostJson } from './checks/host-json';
import { queueFindings } from './checks/queue';
import { sqliteFindings } from './checks/sqlite';
import { sweepFindings } from './checks/sweep';
import { localValues } from './local-values';
import { printable } from './render';
import type { Report } from './report';

/** What a service answered with, as far as time goes. */
interface TimedAnswer {
  readonly service: number;
  readonly here: number;
}

/**
 * `turnwise doctor`: whether the app of this folder can work with these settings, and what to do where it cannot.
 *
 * @param deep has the store's contract tried on the account too, and is told of each part when it is done
 */
export async function doctor(
  folder: string,
  environment: Environment,
  deep?: (line: string) => void,
): Promise<Report & { readonly healthy: boolean }> {
  const given = asRun({ ...localValues(folder), ...environment });
  const { found, settings } = checkConfiguration(given);
  const all = [...found, ...checkHostJson(folder)];
  if (settings !== undefined) all.push(...(await checkServices(folder, settings, given)));
  const tried = deep === undefined || settings === undefined ? undefined : await tryDeeply(settings, deep);
  if (tried !== undefined) all.push(tried.finding);
  const healthy = all.every(({ level }) => level !== 'problem');
  const { rows } = tried ?? {};
  const text = [textOf(all), ...(rows === undefined ? [] : [deepTable(rows)])].join('\n\n');
  return { healthy, data: { healthy, findings: all, ...(rows === undefined ? {} : { deep: rows }) }, text };
}

/** Without an app id it is a development machine, where `npm start` says so and brings a queue of its own. */
function asRun(given: Environment): Environment {
  if (given.MicrosoftAppId || given.AZURE_FUNCTIONS_ENVIRONMENT) return given;
  const reachesQueue = given.AzureWebJobsStorage__accountName || given.AzureWebJobsStorage__queueServiceUri;
  const queue = reachesQueue ? {} : { AzureWebJobsStorage: EMULATOR };
  return { ...queue, ...given, AZURE_FUNCTIONS_ENVIRONMENT: 'Development' };
}

const EMULATOR = 'UseDevelopmentStorage=true';

async function checkServices(folder: string, settings: Settings, given: Environment): Promise<readonly Finding[]> {
  const store = await checkStore(folder, settings);
  const asked = Date.now();
  const queue = given.AzureWebJobsStorage === EMULATOR ? undefined : await lookAtQueue(settings.queue);
  const times = [...store.times, ...timed(queue?.serviceTime, asked)];
  const isIdentity = settings.outbound?.credential.kind === 'managedIdentity';
  return [
    ...store.found,
    ...(await checkSweep(folder, settings)),
    ...queueFindings(queue ?? 'ofTheRunner', settings.environment === 'development'),
    ...clockFindings(times),
    ...(await checkChannels(channelAccess(settings), isIdentity && !settings.inAzure)),
  ];
}

async function checkStore(
  folder: string,
  { store }: Settings,
): Promise<{ readonly found: readonly Finding[]; readonly times: readonly TimedAnswer[] }> {
  const { ok, problem } = findings('store');
  switch (store.kind) {
    case 'memory':
      return { found: [ok('in memory: gone with its process')], times: [] };
    case 'sqlite':
      return { found: sqliteFindings(path.resolve(folder, sqliteFile(store.folder)), isDatabase), times: [] };
    case 'cosmos':
      try {
        const asked = Date.now();
        const facts = await lookAtCosmos(store);
        return { found: cosmosFindings(facts), times: timed(facts.serviceTime, asked) };
      } catch {
        const fix = 'Check COSMOS_ENDPOINT, the network rules of the account, and that you are signed in (az login).';
        return { found: [problem('Cosmos DB does not answer, or does not know who asks.', fix)], times: [] };
      }
  }
}

/** Checks when the app was last swept. Finds nothing where the store cannot be used, or has another format: its own check says why. */
async function checkSweep(folder: string, { environment, store }: Settings): Promise<readonly Finding[]> {
  if (store.kind === 'memory') return [];
  const there = store.kind === 'sqlite' ? { ...store, folder: path.resolve(folder, store.folder) } : store;
  if (there.kind === 'sqlite' && !existsSync(sqliteFile(there.folder))) return [];
  try {
    return sweepFindings(await lookAtSweep(there), store.kind === 'sqlite' && environment === 'development');
  } catch {
    return [];
  }
}

/** The service answered between then and now; whichever is nearer is taken, so that a slow answer is no skew. */
function timed(service: number | undefined, asked: number): readonly TimedAnswer[] {
  if (service === undefined) return [];
  return [{ service, here: Math.min(Math.max(service, asked), Date.now()) }];
}

const WORDS = { ok: 'ok', warning: 'warning', problem: 'PROBLEM' } as const;

function textOf(all: readonly Finding[]): string {
  const width = Math.max(...all.map(({ check }) => check.length));
  const indent = ' '.repeat(9 + width + 2);
  return all
    .flatMap(({ check, fix, level, message }) => [
      `${WORDS[level].padEnd(9)}${check.padEnd(width)}  ${printable(message)}`,
      ...(fix === undefined ? [] : [`${indent}${printable(fix)}`]),
    ])
    .join('\n');
}
