import path from 'node:path';
import { CoreApi } from '../../../src/local/core-api';
import { queueInput } from '../../../src/local/triggers';
import { SETTINGS } from '../../../src/settings-list';
import { filesBelow, readSource } from '../../support/sources';
import { documented, either, found, literal, word } from '../copies';
import { type OutsideValue, outside, outsideEach } from '../outside-value';
import { codeBelow, declared, declaredStrings, namesOf, stringsAcross, stringsIn, textOf } from '../production';

/* Azure Functions: settings, triggers, the worker's interface, host.json. And the other settings that are not ours. */

const LIBRARY = '@azure/functions/dist/azure-functions.js';
const BOT_SETTINGS = [
  'botbuilder-core/lib/configurationServiceClientCredentialFactory.js',
  'botbuilder-core/lib/configurationBotFrameworkAuthentication.js',
];

interface HostJson {
  readonly extensionBundle?: { readonly id: string; readonly version: string };
  readonly logging: { readonly logLevel: Readonly<Record<string, string>> };
}

/** A message as the queue gives it. */
const MESSAGE = {
  messageId: '',
  popReceipt: '',
  messageText: '',
  dequeueCount: 1,
  insertedOn: new Date(0),
  expiresOn: new Date(0),
  nextVisibleOn: new Date(0),
};

/** Settings whose names are those of others. Ours begin with `TURNWISE_` or name an account of Cosmos DB. */
const settings = SETTINGS.map(({ name }) => name).filter((name) => !/^(?:TURNWISE|COSMOS)_/.test(name));
const connections = settings.filter((name) => name.startsWith('AzureWebJobsStorage__'));

/** The bundles of every `host.json`. The root and the apps of tests must name one. */
const bundles = filesBelow('.')
  .filter((file) => path.basename(file) === 'host.json')
  .map((file) => JSON.parse(textOf(file)) as HostJson)
  .flatMap(({ extensionBundle }) => extensionBundle ?? []);

const identityVariable = word('@azure/msal-node/lib/msal-node.cjs', '@azure/identity/dist/commonjs/credentials');

export const functions: readonly OutsideValue[] = [
  ...outsideEach(
    'setting',
    settings.filter((name) => !connections.includes(name)),
    either(
      word(...BOT_SETTINGS),
      documented('functions environment', 'names'),
      documented('federated credential', 'setting'),
      identityVariable,
    ),
  ),
  ...outsideEach(
    'property of a connection',
    connections.map((name) => name.split('__')[1]),
    documented('functions connections', 'properties'),
  ),
  ...outsideEach(
    'property of a connection of the runner',
    stringsIn('src/local/connections.ts', /^__\w+$/, 3).map((name) => name.slice(2)),
    documented('functions connections', 'properties'),
  ),
  ...outsideEach(
    'host of a queue service',
    stringsAcross(['src/settings.ts', 'src/local/connections.ts'], /^\.queue\.core/, 2),
    documented('functions connections', 'host of a queue service'),
  ),
  ...outsideEach(
    'sign of Azure',
    [
      ...declaredStrings('src/settings-azure.ts', 'AZURE_MARKERS'),
      ...stringsIn('src/settings-azure.ts', /^WEBSITE_/, 6),
    ],
    either(
      documented('functions environment', 'names'),
      identityVariable,
      word('@azure/monitor-opentelemetry-exporter/dist/commonjs'),
      documented('container apps', 'name of the app'),
    ),
  ),
  ...outsideEach(
    'type of a trigger',
    stringsIn('src/local/bindings.ts', /^[a-z]+trigger$/, 3),
    // The host takes types in any case.
    found(LIBRARY, /['"](\w+Trigger)['"]/g, (type) => type.toLowerCase()),
  ),
  ...outsideEach(
    'part of the name of a switch',
    stringsIn('src/local/bindings.ts', /^(?:AzureWebJobs(?:\.|__)|(?:\.|__)Disabled)$/, 4),
    either(documented('disabled functions', 'parts'), documented('disabled functions on Linux', 'parts')),
  ),
  ...outsideEach(
    'metadata of a queue message',
    Object.keys(queueInput('message', MESSAGE, '').metadata),
    documented('queue trigger', 'metadata'),
  ),
  ...outsideEach(
    'state of an invocation',
    stringsIn('src/local/core-api.ts', /nvocation(?:Hooks)?$/, 3),
    documented('node worker', 'states'),
  ),
  ...outsideEach(
    'function of the worker',
    Object.keys(new CoreApi(() => undefined).module),
    either(documented('node worker', 'members'), found(LIBRARY, /\bcoreApi\.(\w+)/g)),
  ),
  ...outsideEach(
    'hook',
    stringsIn('src/local/functions-app.ts', /^(?:app|pre|post)[A-Z]\w+$/, 8).filter((name) => !name.endsWith('Hooks')),
    literal(LIBRARY),
  ),
  ...outsideEach(
    'module of the worker',
    stringsAcross(codeBelow('src'), /^@azure\/functions-core$/, 2),
    documented('node worker', 'module'),
  ),
  ...outsideEach(
    'level of the log',
    declaredStrings('src/local/host-json.ts', 'LEVELS'),
    documented('node worker', 'levels'),
  ),
  outside(
    'shortest polling interval in ms',
    declared('src/local/host-json.ts', 'MIN_POLLING_INTERVAL_MS'),
    documented('functions host', 'shortest polling interval in ms'),
  ),
  ...outsideEach(
    'setting of the host that the runner takes too',
    stringsIn('src/local/settings.ts').flatMap((text) => text.match(/\bFUNCTIONS_[A-Z_]+/g) ?? []),
    documented('functions environment', 'names'),
  ),
  ...outsideEach(
    'category of the log',
    [
      ...Object.keys((JSON.parse(textOf('host.json')) as HostJson).logging.logLevel).filter(
        (name) => name !== 'default',
      ),
      declared('src/cli/checks/host-json.ts', 'SDK_CATEGORY'),
    ],
    documented('functions host', 'category of the SDKs of Azure'),
  ),
  ...outsideEach(
    'extension bundle',
    bundles.map(({ id }) => id),
    documented('extension bundles', 'id'),
  ),
  ...outsideEach(
    'range of the extension bundle',
    bundles.map(({ version }) => version),
    documented('extension bundles', 'active ranges'),
  ),
  ...outsideEach(
    'setting of the host that the runner sets',
    namesOf(readSource('src/local/runner.ts')).filter((name) => /^[A-Z]+_[A-Z_]*RUNTIME/.test(name)),
    documented('functions settings', 'names'),
  ),
  ...outsideEach(
    'header of a key',
    stringsIn('src/runtime/door.ts', /^x-f/, 1),
    documented('functions keys', 'header'),
  ),
  ...outsideEach(
    'encoding of messages',
    stringsIn('src/local/host-json.ts', /^(?:base64|none)$/, 6),
    documented('functions host', 'encodings'),
  ),
  ...outsideEach(
    'route prefix',
    stringsIn('src/cli/checks/host-json.ts', /^api$/, 1),
    documented('functions host', 'route prefix'),
  ),
  ...outsideEach(
    'header of a signed-in caller',
    stringsIn('src/runtime/door.ts', /^x-ms-/, 1),
    word('@azure/functions/src/http/extractHttpUserFromHeaders.ts', LIBRARY),
  ),
];
