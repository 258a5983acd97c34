import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { at, INFRA, ofType, only, readSnapshots, readSources, readTemplate, SNAPSHOTS, templates } from './evaluated';

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

  test('the bot is an identity, and its package is fetched as one', () => {
    const { id } = only(snapshot, 'Microsoft.ManagedIdentity/userAssignedIdentities');
    const clientId = `[reference('${id}', '2024-11-30').clientId]`;
    expect(only(snapshot, 'Microsoft.BotService/botServices').properties).toMatchObject({
      msaAppType: 'UserAssignedMSI',
      msaAppId: clientId,
      msaAppMSIResourceId: id,
    });
    const app = only(snapshot, 'Microsoft.Web/sites');
    expect(app.identity).toEqual({ type: 'UserAssigned', userAssignedIdentities: { [id]: {} } });
    expect(at(app.properties, 'functionAppConfig', 'deployment', 'storage', 'authentication')).toEqual({
      type: 'UserAssignedIdentity',
      userAssignedIdentityResourceId: id,
    });
  });

  test('TLS 1.2, https, no public blobs', () => {
    expect(only(snapshot, 'Microsoft.Storage/storageAccounts').properties).toMatchObject({
      minimumTlsVersion: 'TLS1_2',
      supportsHttpsTrafficOnly: true,
      allowBlobPublicAccess: false,
      allowCrossTenantReplication: false,
    });
    expect(only(snapshot, 'Microsoft.Storage/storageAccounts/blobServices/containers').properties).toEqual({
      publicAccess: 'None',
    });
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
    const wanted = [...OF_THE_APP, ...(operator === undefined ? [] : OF_THE_OPERATOR)];
    expect(assigned(snapshot, operator)).toEqual([...wanted].sort());
  });
});

/** Built-in roles by their published ids. Cosmos DB has roles of its own. */
const ROLES: Readonly<Record<string, string>> = {
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': 'Storage Blob Data Owner',
  '974c5e8b-45b9-4653-ba55-5f855dd0fb88': 'Storage Queue Data Contributor',
  'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a': 'Storage Queue Data Message Sender',
  '19e7f393-937e-4f77-808e-94535e297925': 'Storage Queue Data Reader',
  '3913510d-42f4-4e42-8a64-420c390055eb': 'Monitoring Metrics Publisher',
  '00000000-0000-0000-0000-000000000002': 'Cosmos DB Built-in Data Contributor',
};

/** Who may do what where. */
const OF_THE_APP = [
  'app: Storage Blob Data Owner on storageAccounts',
  'app: Storage Queue Data Contributor on queues/turns',
  'app: Storage Queue Data Message Sender on queues/turns-poison',
  'app: Monitoring Metrics Publisher on components',
  'app: Cosmos DB Built-in Data Contributor on databaseAccounts',
];
const OF_THE_OPERATOR = [
  'operator: Storage Queue Data Reader on storageAccounts',
  'operator: Storage Queue Data Message Sender on queues/turns',
  'operator: Cosmos DB Built-in Data Contributor on databaseAccounts',
];

function assigned(snapshot: (typeof snapshots)[number], operator: string | undefined): string[] {
  const app = `[reference('${only(snapshot, 'Microsoft.ManagedIdentity/userAssignedIdentities').id}', '2024-11-30').principalId]`;
  return snapshot.predictedResources
    .filter(({ type }) => /roleAssignments$/i.test(type))
    .map(({ id, properties }) => {
      const principal =
        properties?.principalId === app ? 'app' : properties?.principalId === operator ? 'operator' : 'who?';
      const role =
        ROLES[String(properties?.roleDefinitionId).split('/').pop() ?? ''] ?? String(properties?.roleDefinitionId);
      // An assignment is part of what it is for; those of Cosmos DB say it.
      const [, scope = ''] =
        /\/([^/]+\/[^/]+)\/(?:providers\/Microsoft\.Authorization\/roleA|sqlRoleA)ssignments\/[\w-]+$/.exec(id) ?? [];
      expect([undefined, id.replace(/\/sqlRoleAssignments.*/, '')]).toContain(properties?.scope);
      // Names of accounts differ from environment to environment, names of queues do not.
      return `${principal}: ${role} on ${scope.startsWith('queues/') ? scope : scope.split('/')[0]}`;
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
