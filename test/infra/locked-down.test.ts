import { beforeAll, describe, expect, test } from '@jest/globals';
import { at, type BicepFile, type Declaration, Expression, isBlock, readTemplate, type Value } from './bicep';

/* What makes the deployed bot a locked-down one: no secret anywhere, and no more rights than it needs. */

let files: readonly BicepFile[];
let resources: readonly (Declaration & { readonly file: BicepFile })[];

beforeAll(async () => {
  files = await readTemplate();
  resources = files.flatMap((file) => file.resources.map((resource) => ({ ...resource, file })));
});

function only(type: string): Declaration {
  const found = resources.filter(({ kind }) => kind.startsWith(`${type}@`));
  expect(found).toHaveLength(1);
  return found[0] as Declaration;
}

const shown = (value: Value | undefined): unknown => (value instanceof Expression ? value.text : value);

describe('no secret', () => {
  const SECRET =
    /\b(listKeys|listSecrets|listAccountSas|listServiceSas|listConnectionStrings|listCredentials|list\w*Keys)\b/i;

  test('no key is looked up, and none is a parameter or an output', () => {
    for (const { path, text, parameters, outputs, calls } of files) {
      const asked = { path, keys: text.match(SECRET), calls: calls.filter((name) => /^list[A-Z]|Secret/.test(name)) };
      expect(asked).toEqual({ path, keys: null, calls: [] });
      const named = [...parameters, ...outputs].map(({ name }) => name);
      expect(named.filter((name) => /password|secret|accountKey|sharedKey|sasToken/i.test(name))).toEqual([]);
      expect(text).not.toMatch(/AccountKey=|SharedAccessSignature|@secure\(/);
    }
  });

  test('nothing but tokens opens the storage account, Cosmos DB, the logs, or deployments', () => {
    expect(at(only('Microsoft.Storage/storageAccounts').body, 'properties', 'allowSharedKeyAccess')).toBe(false);
    expect(at(only('Microsoft.DocumentDB/databaseAccounts').body, 'properties', 'disableLocalAuth')).toBe(true);
    expect(at(only('Microsoft.Insights/components').body, 'properties', 'DisableLocalAuth')).toBe(true);
    const workspace = only('Microsoft.OperationalInsights/workspaces');
    expect(at(workspace.body, 'properties', 'features', 'disableLocalAuth')).toBe(true);
    const policies = resources.filter(({ kind }) => kind.includes('/basicPublishingCredentialsPolicies@'));
    expect(policies.map(({ body }) => [body.name, at(body, 'properties', 'allow')])).toEqual([
      ['scm', false],
      ['ftp', false],
    ]);
  });

  test('the bot is an identity, and its package is fetched as one', () => {
    const bot = only('Microsoft.BotService/botServices').body;
    expect(at(bot, 'properties', 'msaAppType')).toBe('UserAssignedMSI');
    expect(shown(at(bot, 'properties', 'msaAppId'))).toBe('identityClientId');
    const app = only('Microsoft.Web/sites').body;
    expect(at(app, 'identity', 'type')).toBe('UserAssigned');
    const deployment = at(app, 'properties', 'functionAppConfig', 'deployment', 'storage');
    expect(at(deployment, 'authentication', 'type')).toBe('UserAssignedIdentity');
  });
});

describe('nothing is open that need not be', () => {
  test('TLS 1.2, https, no public blobs', () => {
    expect(only('Microsoft.Storage/storageAccounts').body.properties).toMatchObject({
      minimumTlsVersion: 'TLS1_2',
      supportsHttpsTrafficOnly: true,
      allowBlobPublicAccess: false,
      allowCrossTenantReplication: false,
    });
    const app = only('Microsoft.Web/sites').body;
    expect(at(app, 'properties', 'httpsOnly')).toBe(true);
    expect(at(app, 'properties', 'siteConfig', 'minTlsVersion')).toBe('1.2');
    expect(at(only('Microsoft.DocumentDB/databaseAccounts').body, 'properties', 'minimalTlsVersion')).toBe('Tls12');
  });

  test('Cosmos DB writes in one region, with session consistency', () => {
    const { properties } = only('Microsoft.DocumentDB/databaseAccounts').body;
    expect(properties).toMatchObject({ enableMultipleWriteLocations: false });
    expect(at(properties, 'consistencyPolicy', 'defaultConsistencyLevel')).toBe('Session');
    expect(at(properties, 'locations')).toHaveLength(1);
  });
});

describe('roles', () => {
  /** Who may do what where: `principal role scope`, roles by their published ids. */
  const ALLOWED: Readonly<Record<string, string>> = {
    'principalId b7e6dc6d-f1e8-4753-8033-0f276bb0955b account': 'Storage Blob Data Owner, for the host',
    'principalId 974c5e8b-45b9-4653-ba55-5f855dd0fe88 turns': 'Storage Queue Data Contributor, on its own queue',
    'principalId c6a89b2d-59bc-44d0-9896-0f6e12d7b80a turnsPoison': 'Storage Queue Data Message Sender',
    'principalId 3913510d-42f4-4e42-8a64-420c390055eb component': 'Monitoring Metrics Publisher',
    'principalId 00000000-0000-0000-0000-000000000002 account.id': 'Cosmos DB Built-in Data Contributor',
    'operatorPrincipalId 19e7f393-937e-4f77-808e-94535e297925 account': 'Storage Queue Data Reader',
    'operatorPrincipalId c6a89b2d-59bc-44d0-9896-0f6e12d7b80a turns': 'Storage Queue Data Message Sender',
    'operatorPrincipalId 00000000-0000-0000-0000-000000000002 account.id': 'Cosmos DB Built-in Data Contributor',
  };

  test('are these, and no others', () => {
    const assigned = resources
      .filter(({ kind }) => /\/(sqlR|r)oleAssignments@/.test(kind))
      .map(({ body, file }) => {
        const properties = body.properties;
        const role = /([\w.]+)\)?\}?'?$/.exec(String(shown(at(properties, 'roleDefinitionId'))))?.[1] ?? '';
        const scope = shown(body.scope ?? at(properties, 'scope'));
        return `${shown(at(properties, 'principalId'))} ${variable(file, role)} ${scope}`;
      });
    expect(assigned.sort()).toEqual(Object.keys(ALLOWED).sort());
  });

  test('of the operator are given only if there is one', () => {
    for (const { text } of files) {
      for (const [, body = ''] of text.matchAll(/^resource operator\w+ '[^']+' = ([^\n]*)/gm)) {
        expect(body).toBe('if (!empty(operatorPrincipalId)) {');
      }
    }
  });

  function variable(file: BicepFile, name: string): unknown {
    const [first = '', ...rest] = name.split('.');
    const value = file.variables[first];
    return isBlock(value) ? at(value, ...rest) : value;
  }
});
