import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  at,
  INFRA,
  identitiesOf,
  ofType,
  only,
  readSnapshots,
  readSources,
  readTemplate,
  SNAPSHOTS,
  templates,
} from './evaluated';

/* The deployed bot is locked down, whatever its parameters: no secret anywhere, and no more rights than it needs. */

const snapshots = readSnapshots();

describe('no secret', () => {
  const SECRET =
    /\b(listKeys|listSecrets|listAccountSas|listServiceSas|listConnectionStrings|listCredentials|list\w*Keys)\b/i;

  test('no key is looked up, and none is a parameter or an output', () => {
    for (const [file, text] of readSources()) {
      expect({ file, keys: text.match(SECRET) }).toEqual({ file, keys: null });
      expect(text).not.toMatch(/AccountKey=|SharedAccessSignature|@secure\(/);
    }
    expect(JSON.stringify(readTemplate())).not.toMatch(/\[list[A-Z]\w*\(|\blist[A-Z]\w*\(|secureString|secureObject/i);
    const named = templates().flatMap(([, { parameters, outputs }]) => Object.keys({ ...parameters, ...outputs }));
    expect(named.filter((name) => /password|secret|accountKey|sharedKey|sasToken/i.test(name))).toEqual([]);
  });

  test('what only Azure knows is looked up as a property of a resource', () => {
    const functions = snapshots.flatMap((snapshot) => {
      const text = readFileSync(path.join(SNAPSHOTS, `${snapshot.name}.snapshot.json`), 'utf8');
      return [...text.matchAll(/"\[(.*)\]"/g)].flatMap(([, expression = '']) => expression.match(/\w+(?=\()/g) ?? []);
    });
    expect([...new Set(functions)].sort()).toEqual(['format', 'reference']);
  });
});

describe.each(snapshots.map((snapshot) => [snapshot.name, snapshot] as const))('%s', (_name, snapshot) => {
  test('nothing but tokens opens the storage account, Cosmos DB, the logs, or deployments', () => {
    expect(only(snapshot, 'Microsoft.Storage/storageAccounts').properties).toMatchObject({
      allowSharedKeyAccess: false,
    });
    expect(only(snapshot, 'Microsoft.DocumentDB/databaseAccounts').properties).toMatchObject({
      disableLocalAuth: true,
    });
    expect(only(snapshot, 'Microsoft.Insights/components').properties).toMatchObject({ DisableLocalAuth: true });
    const workspace = only(snapshot, 'Microsoft.OperationalInsights/workspaces');
    expect(workspace.properties).toMatchObject({ features: { disableLocalAuth: true } });
    const policies = ofType(snapshot, 'Microsoft.Web/sites/basicPublishingCredentialsPolicies');
    expect(policies.map(({ name, properties }) => [name.split('/')[1], properties?.allow])).toEqual([
      ['scm', false],
      ['ftp', false],
    ]);
  });

  test('the bot is an identity, and its package is written and fetched as another', () => {
    const { app: id, package: packageId } = identitiesOf(snapshot);
    const clientId = `[reference('${id}', '2024-11-30').clientId]`;
    expect(only(snapshot, 'Microsoft.BotService/botServices').properties).toMatchObject({
      msaAppType: 'UserAssignedMSI',
      msaAppId: clientId,
      msaAppMSIResourceId: id,
    });
    const app = only(snapshot, 'Microsoft.Web/sites');
    expect(app.identity).toEqual({ type: 'UserAssigned', userAssignedIdentities: { [id]: {}, [packageId]: {} } });
    expect(at(app.properties, 'functionAppConfig', 'deployment', 'storage', 'authentication')).toEqual({
      type: 'UserAssignedIdentity',
      userAssignedIdentityResourceId: packageId,
    });
  });

  test('TLS 1.2, https, no public blobs', () => {
    expect(only(snapshot, 'Microsoft.Storage/storageAccounts').properties).toMatchObject({
      minimumTlsVersion: 'TLS1_2',
      supportsHttpsTrafficOnly: true,
      allowBlobPublicAccess: false,
      allowCrossTenantReplication: false,
    });
    const containers = ofType(snapshot, 'Microsoft.Storage/storageAccounts/blobServices/containers');
    expect(containers.map(({ properties }) => properties)).toEqual(Array(3).fill({ publicAccess: 'None' }));
    expect(only(snapshot, 'Microsoft.Web/sites').properties).toMatchObject({
      httpsOnly: true,
      siteConfig: { minTlsVersion: '1.2' },
    });
    expect(only(snapshot, 'Microsoft.DocumentDB/databaseAccounts').properties).toMatchObject({
      minimalTlsVersion: 'Tls12',
    });
  });

  test('Cosmos DB writes in one region, with session consistency', () => {
    const { location, properties } = only(snapshot, 'Microsoft.DocumentDB/databaseAccounts');
    expect(properties).toMatchObject({
      enableMultipleWriteLocations: false,
      consistencyPolicy: { defaultConsistencyLevel: 'Session' },
      locations: [{ locationName: location }],
    });
  });

  test('the roles are these, and no others', () => {
    const operator = snapshot.parameters.operatorPrincipalId;
    const wanted = [...OF_THE_APP, ...OF_THE_PACKAGE, ...(operator === undefined ? [] : OF_THE_OPERATOR)];
    expect(assigned(snapshot, operator)).toEqual([...wanted].sort());
  });

  test('the identity of the app has no right on the container of its package', () => {
    const { value } = at(
      only(snapshot, 'Microsoft.Web/sites').properties,
      'functionAppConfig',
      'deployment',
      'storage',
    ) as { value: string };
    const container = /'([\w-]+)'\)\]$/.exec(value)?.[1];
    expect(container).toBe('app-package');
    const account = only(snapshot, 'Microsoft.Storage/storageAccounts').id;
    const around = [
      account,
      `${account}/blobServices/default`,
      `${account}/blobServices/default/containers/${container}`,
    ];
    const there = ofType(snapshot, 'Microsoft.Authorization/roleAssignments').filter(({ id }) =>
      around.some((scope) => id.startsWith(`${scope}/providers/`)),
    );
    const principals = there.map(({ properties }) => properties?.principalId);
    expect(principals).toContain(principalOf(identitiesOf(snapshot).package));
    expect(principals).not.toContain(principalOf(identitiesOf(snapshot).app));
  });

  test('the data is closed to the public where the parameters say so, and the app is in a network then', () => {
    const { publicDataAccess = 'true', integrationSubnetId = null } = snapshot.parameters;
    const access = publicDataAccess === 'true' ? 'Enabled' : 'Disabled';
    expect(only(snapshot, 'Microsoft.Storage/storageAccounts').properties?.publicNetworkAccess).toBe(access);
    expect(only(snapshot, 'Microsoft.DocumentDB/databaseAccounts').properties?.publicNetworkAccess).toBe(access);
    const app = only(snapshot, 'Microsoft.Web/sites').properties;
    expect(app?.virtualNetworkSubnetId).toBe(integrationSubnetId);
    if (access === 'Disabled') expect(integrationSubnetId).not.toBeNull();
    // Channels have to reach the app in any case.
    expect(app).not.toHaveProperty('publicNetworkAccess');
  });

  test('what the host says, and who changes packages and accounts, is logged in the workspace', () => {
    const settings = ofType(snapshot, 'Microsoft.Insights/diagnosticSettings');
    const logged = settings.map(({ id, properties }) => [
      /\/([^/]+)\/[^/]+\/providers\/Microsoft\.Insights/.exec(id)?.[1],
      (at(properties, 'logs') as { category: string }[]).map(({ category }) => category),
    ]);
    const all = [
      ['blobServices', ['StorageWrite', 'StorageDelete']],
      ['databaseAccounts', ['ControlPlaneRequests']],
      ['sites', ['FunctionAppLogs']],
    ];
    expect(logged).toEqual(snapshot.parameters.diagnosticLogs === 'false' ? [] : all);
    const { id } = only(snapshot, 'Microsoft.OperationalInsights/workspaces');
    expect(settings.filter(({ properties }) => properties?.workspaceId !== id)).toEqual([]);
  });
});

/** Built-in roles by their published ids. Cosmos DB has roles of its own. */
const ROLES: Readonly<Record<string, string>> = {
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': 'Storage Blob Data Owner',
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe': 'Storage Blob Data Contributor',
  '974c5e8b-45b9-4653-ba55-5f855dd0fb88': 'Storage Queue Data Contributor',
  'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a': 'Storage Queue Data Message Sender',
  '19e7f393-937e-4f77-808e-94535e297925': 'Storage Queue Data Reader',
  '3913510d-42f4-4e42-8a64-420c390055eb': 'Monitoring Metrics Publisher',
  '00000000-0000-0000-0000-000000000002': 'Cosmos DB Built-in Data Contributor',
};

/** Who may do what where. */
const OF_THE_APP = [
  'app: Storage Blob Data Owner on containers/azure-webjobs-hosts',
  'app: Storage Blob Data Owner on containers/azure-webjobs-secrets',
  'app: Storage Queue Data Contributor on queues/turns',
  'app: Storage Queue Data Message Sender on queues/turns-poison',
  'app: Monitoring Metrics Publisher on components',
  'app: Cosmos DB Built-in Data Contributor on databaseAccounts',
];
/** The one right of the identity of the package, and nobody else has one on that container. */
const OF_THE_PACKAGE = ['package: Storage Blob Data Contributor on containers/app-package'];
const OF_THE_OPERATOR = [
  'operator: Storage Queue Data Reader on storageAccounts',
  'operator: Storage Queue Data Message Sender on queues/turns',
  'operator: Cosmos DB Built-in Data Contributor on databaseAccounts',
];

/** Principal of an identity, as a snapshot has it. */
const principalOf = (id: string): string => `[reference('${id}', '2024-11-30').principalId]`;

function assigned(snapshot: (typeof snapshots)[number], operator: string | undefined): string[] {
  const ids = identitiesOf(snapshot);
  const names = new Map<unknown, string>([
    [principalOf(ids.app), 'app'],
    [principalOf(ids.package), 'package'],
    [operator ?? 'none', 'operator'],
  ]);
  return snapshot.predictedResources
    .filter(({ type }) => /roleAssignments$/i.test(type))
    .map(({ id, properties }) => {
      const principal = names.get(properties?.principalId) ?? 'who?';
      const role =
        ROLES[String(properties?.roleDefinitionId).split('/').pop() ?? ''] ?? String(properties?.roleDefinitionId);
      // An assignment is part of what it is for; those of Cosmos DB say it.
      const [, scope = ''] =
        /\/([^/]+\/[^/]+)\/(?:providers\/Microsoft\.Authorization\/roleA|sqlRoleA)ssignments\/[\w-]+$/.exec(id) ?? [];
      expect([undefined, id.replace(/\/sqlRoleAssignments.*/, '')]).toContain(properties?.scope);
      // Names of accounts differ from environment to environment, those of queues and containers do not.
      return `${principal}: ${role} on ${/^(?:queues|containers)\//.test(scope) ? scope : scope.split('/')[0]}`;
    })
    .sort();
}

test('a kind of operator that is not a person is passed on', () => {
  const everything = snapshots.find(({ name }) => name === 'everything');
  const types = ofType(everything ?? snapshots[0]!, 'Microsoft.Authorization/roleAssignments').map(
    ({ properties }) => properties?.principalType,
  );
  expect(new Set(types)).toEqual(new Set(['ServicePrincipal', 'Group']));
});

test('the files are there', () => {
  expect(readSources().size).toBeGreaterThanOrEqual(9);
  expect(readFileSync(path.join(INFRA, 'main.bicep'), 'utf8')).toContain("targetScope = 'resourceGroup'");
});
