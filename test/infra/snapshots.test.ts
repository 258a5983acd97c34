import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from '../support/sources';
import { type Resource, readSnapshots, readSources, SNAPSHOTS } from './evaluated';

/* Evaluated deployments, with parameters that are ordinary and with parameters that are not: names, ids, API versions. */

const snapshots = readSnapshots();

test('the snapshots are those of the sources: if not, run ".ci/bicep write"', () => {
  const recorded = readFileSync(path.join(SNAPSHOTS, 'sources.sha256'), 'utf8').trim().split('\n');
  const actual = recorded.map((line) => {
    const file = line.replace(/^\w+ [ *]/, '');
    const text = readFileSync(path.join(ROOT, file), 'utf8').replaceAll('\r\n', '\n');
    return `${createHash('sha256').update(text).digest('hex')}  ${file}`;
  });
  expect(actual).toEqual(recorded);
  const there = [
    ...[...readSources().keys(), 'workbook.json'].map((name) => `infra/${name}`),
    ...snapshots.map(({ name }) => `test/infra/snapshots/${name}.bicepparam`),
  ];
  expect(recorded.map((line) => line.replace(/^\w+ {2}/, '')).sort()).toEqual(there.sort());
});

test('there is one each for the defaults, for everything, for the least, for other clouds, and for awkward names', () => {
  expect(snapshots.map(({ name }) => name)).toEqual(
    'awkward china default everything government least punctuation reserved twin'.split(' '),
  );
  expect(snapshots.flatMap(({ diagnostics }) => diagnostics)).toEqual([]);
});

/**
 * The rules of "Naming rules and restrictions for Azure resources" (Azure Resource Manager documentation), for the last part of a name.
 * Where the text says "alphanumerics", both cases are meant.
 */
const NAME_RULES: Readonly<Record<string, RegExp>> = {
  // 3-128. Alphanumerics, hyphens, and underscores. Start with letter or number.
  'Microsoft.ManagedIdentity/userAssignedIdentities': /^[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}$/,
  // 4-63. Alphanumerics and hyphens. Start and end with alphanumeric.
  'Microsoft.OperationalInsights/workspaces': /^[a-zA-Z0-9][a-zA-Z0-9-]{2,61}[a-zA-Z0-9]$/,
  // 1-260. Can't use %&\?/ or control characters. Can't end with space or period.
  'Microsoft.Insights/components': /^[^%&\\?/\p{Cc}]{0,259}[^%&\\?/\p{Cc} .]$/u,
  // 1-260. Can't use :<>+/&%\? or control characters. Can't end with space or period.
  'Microsoft.Insights/actionGroups': /^[^:<>+/&%\\?\p{Cc}]{0,259}[^:<>+/&%\\?\p{Cc} .]$/u,
  // 1-260. Can't use *<>%{}&:\?/# or control characters. Can't end with space or period.
  'Microsoft.Insights/scheduledQueryRules': /^[^*<>%{}&:\\?/#\p{Cc}]{0,259}[^*<>%{}&:\\?/#\p{Cc} .]$/u,
  // 1-260. Can't use <>%&\?/ or control characters. Can't end with space or period.
  'Microsoft.Insights/diagnosticSettings': /^[^<>%&\\?/\p{Cc}]{0,259}[^<>%&\\?/\p{Cc} .]$/u,
  // A GUID.
  'Microsoft.Insights/workbooks': /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/,
  'Microsoft.Authorization/roleAssignments': /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/,
  'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments': /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/,
  // 3-24. Lowercase letters and numbers.
  'Microsoft.Storage/storageAccounts': /^[a-z0-9]{3,24}$/,
  'Microsoft.Storage/storageAccounts/blobServices': /^default$/,
  'Microsoft.Storage/storageAccounts/queueServices': /^default$/,
  // 3-63. Lowercase letters, numbers, and hyphens. Start with lowercase letter or number. Can't use consecutive hyphens.
  'Microsoft.Storage/storageAccounts/blobServices/containers': /^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/,
  'Microsoft.Storage/storageAccounts/queueServices/queues': /^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/,
  // 3-44. Lowercase letters, numbers, and hyphens. Start with lowercase letter or number.
  'Microsoft.DocumentDB/databaseAccounts': /^[a-z0-9][a-z0-9-]{2,43}$/,
  // 1-255. Can't use /\#? or end with a space.
  'Microsoft.DocumentDB/databaseAccounts/sqlDatabases': /^[^/\\#?]{0,254}[^/\\#? ]$/,
  'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers': /^[^/\\#?]{0,254}[^/\\#? ]$/,
  // 1-40 in earlier texts, 1-60 now. Alphanumerics and hyphens.
  'Microsoft.Web/serverfarms': /^[a-zA-Z0-9-]{1,40}$/,
  // 2-60. Alphanumerics and hyphens. Can't start or end with hyphen.
  'Microsoft.Web/sites': /^[a-zA-Z0-9][a-zA-Z0-9-]{0,58}[a-zA-Z0-9]$/,
  'Microsoft.Web/sites/config': /^appsettings$/,
  'Microsoft.Web/sites/basicPublishingCredentialsPolicies': /^(scm|ftp)$/,
  // 2-64, the portal asks for 4-42. Alphanumerics, underscores, periods, and hyphens. Start with alphanumeric.
  'Microsoft.BotService/botServices': /^[a-zA-Z0-9][a-zA-Z0-9_.-]{3,41}$/,
  'Microsoft.BotService/botServices/channels': /^(MsTeams|WebChat|DirectLine)Channel$/,
};

describe.each(snapshots.map((snapshot) => [snapshot.name, snapshot] as const))('%s', (_name, snapshot) => {
  test('every name is one that its service takes', () => {
    const wrong = snapshot.predictedResources.filter(
      ({ type, name }) => !NAME_RULES[type]?.test(name.split('/').pop() ?? ''),
    );
    expect(wrong.map(({ type, name }) => `${type}: ${name}`)).toEqual([]);
    // "Resolve errors for reserved resource names" (same documentation). "login" and "xbox" may not be at the beginning.
    const names = snapshot.predictedResources.flatMap(({ name }) => name.split('/'));
    expect(names.filter((name) => /microsoft|windows|^login|^xbox/i.test(name))).toEqual([]);
  });

  test('every id is known before anything is deployed', () => {
    const wanted = /^\/subscriptions\/[\w-]+\/resourceGroups\/rg-turnwise\/providers\/[\w./-]+$/;
    expect(snapshot.predictedResources.map(({ id }) => id).filter((id) => !wanted.test(id))).toEqual([]);
  });

  test('is named after its environment, as far as names allow', () => {
    const environment = snapshot.parameters.environmentName ?? '';
    const short = environment.slice(0, 20).toLowerCase().replaceAll('microsoft', 'ms').replaceAll('windows', 'win');
    const words = short.match(/[a-z\d]+/g) ?? [];
    const { functionAppName } = snapshot.outputs;
    expect(functionAppName).toMatch(new RegExp(`^${['func', ...words, '[a-z\\d]{13}'].join('-')}$`));
    const tags = new Set(snapshot.predictedResources.flatMap(({ tags }) => tags?.['azd-env-name'] ?? []));
    expect([...tags]).toEqual([environment]);
  });
});

describe('environments of one resource group', () => {
  test('are named as awkwardly as azd allows', () => {
    const names = snapshots.map(({ parameters }) => parameters.environmentName ?? '');
    // azd, pkg/environment: what it accepts as a name, and passes on unchanged.
    expect(names.filter((name) => !/^[a-zA-Z0-9-()_.]{1,64}$/.test(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
    expect(Math.max(...names.map((name) => name.length))).toBe(64);
    expect(Math.min(...names.map((name) => name.length))).toBe(1);
    expect(names.some((name) => !/[a-zA-Z0-9]/.test(name))).toBe(true);
  });

  test('share no resource', () => {
    const owners = new Map<string, string[]>();
    for (const { name, predictedResources } of snapshots) {
      // Azure compares ids without case.
      for (const { id } of predictedResources)
        owners.set(id.toLowerCase(), [...(owners.get(id.toLowerCase()) ?? []), name]);
    }
    expect([...owners].filter(([, names]) => names.length > 1)).toEqual([]);
  });
});

/** API versions that are older than two years because there is no newer one that is released. */
const NO_NEWER: Readonly<Record<string, string>> = {
  'Microsoft.Authorization/roleAssignments': '2022-04-01',
  'Microsoft.BotService/botServices': '2022-09-15',
  'Microsoft.BotService/botServices/channels': '2022-09-15',
  'Microsoft.Insights/actionGroups': '2023-01-01',
  'Microsoft.Insights/components': '2020-02-02',
  'Microsoft.Insights/workbooks': '2023-06-01',
};

/** Kinds of resources of which no released version has what is needed, and why. */
const NO_RELEASE: Readonly<Record<string, string>> = {
  // The released version, of 2016, knows one setting of each resource, named `service`.
  'Microsoft.Insights/diagnosticSettings': '2021-05-01-preview',
};

describe('API versions', () => {
  const used = new Map<string, Set<string>>();
  for (const { type, apiVersion } of snapshots.flatMap(({ predictedResources }) => predictedResources as Resource[])) {
    used.set(type, (used.get(type) ?? new Set()).add(apiVersion));
  }

  test('are released ones, one for each kind of resource', () => {
    const odd = [...used].filter(
      ([type, versions]) =>
        versions.size > 1 || ![...versions].every((each) => /^[\d-]{10}$/.test(each) || NO_RELEASE[type] === each),
    );
    expect(odd).toEqual([]);
  });

  // The linter holds them to the versions that there are; this date is the one in .ci/bicep-cli/strict.json.
  test('are of the two years before they were last looked at, or there is no newer one', () => {
    const strict = readFileSync(path.join(ROOT, '.ci/bicep-cli/strict.json'), 'utf8');
    const reviewed = /"test-today": "([\d-]+)"/.exec(strict)?.[1] ?? '';
    const oldest = new Date(Date.parse(reviewed) - 730 * 86_400_000).toISOString().slice(0, 10);
    const old = [...used].flatMap(([type, versions]) =>
      [...versions].filter((each) => each < oldest).map((each) => [type, each]),
    );
    expect(Object.fromEntries(old)).toEqual({ ...NO_NEWER, ...NO_RELEASE });
  });
});
