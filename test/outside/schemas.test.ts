import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import Ajv, { type AnySchemaObject } from 'ajv';
import { filesBelow, ROOT } from '../support/sources';
import { textOf } from './production';

/* Files in a format of another service, and the same in the documentation, against the schema of that service. */

function schemaAt(...segments: readonly string[]): AnySchemaObject {
  // Of draft 4, which differs in nothing that these schemas use.
  const { $schema: _draft, ...schema } = JSON.parse(readFileSync(path.join(...segments), 'utf8')) as AnySchemaObject;
  return schema;
}

const ajv = new Ajv({ strict: false, allErrors: true, formats: { uri: (text: string) => URL.canParse(text) } });
const manifestSchemas = path.join(ROOT, 'node_modules/@microsoft/app-manifest/build/json-schemas/teams');
const isManifest = ajv.compile(schemaAt(manifestSchemas, 'v1.19/MicrosoftTeams.schema.json'));
const isHostJson = ajv.compile(schemaAt(__dirname, 'vendor/host.schema.json'));

type Json = Readonly<Record<string, unknown>>;

/** What is wrong with a value, in one line for each fault. */
function faults(validate: typeof isManifest, value: unknown): string[] {
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message, params }) =>
    [instancePath, message, JSON.stringify(params)].join(' '),
  );
}

/** The blocks of JSON of the pages that are documents of their own, each with the names that its reader fills in. */
const BLOCKS = [...filesBelow('docs'), ...filesBelow('create'), 'README.md', 'SECURITY.md', 'CONTRIBUTING.md']
  .filter((file) => file.endsWith('.md'))
  .flatMap((file) =>
    [...textOf(file).matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) => ({
      file,
      json: JSON.parse(text.replaceAll('<botAppId>', '01234567-89ab-cdef-0123-456789abcdef')) as Json,
    })),
  );

const manifests = BLOCKS.filter(({ json }) => 'manifestVersion' in json);

test('there is one Teams manifest in the documentation, of the version whose schema is here', () => {
  expect(manifests.map(({ file, json }) => [file, json.manifestVersion, json.$schema])).toEqual([
    ['docs/deploy.md', '1.19', 'https://developer.microsoft.com/json-schemas/teams/v1.19/MicrosoftTeams.schema.json'],
  ]);
});

test.each(manifests)('the Teams manifest in $file is one', ({ json }) => {
  expect(faults(isManifest, json)).toEqual([]);
});

test('a manifest without something that is required is none', () => {
  const [manifest] = manifests;
  const all = manifest?.json as Readonly<Record<string, Json>>;
  const { full: _full, ...name } = all.name ?? {};
  expect(faults(isManifest, { ...all, name })).toEqual([expect.stringContaining("required property 'full'")]);
});

const hostFiles = filesBelow('.').filter((file) => path.basename(file) === 'host.json');
const hostBlocks = BLOCKS.filter(({ json }) => 'extensions' in json || 'functionTimeout' in json || 'logging' in json);

test.each([...hostFiles.map((file) => ({ file, json: JSON.parse(textOf(file)) as Json })), ...hostBlocks])(
  '$file has a host.json',
  ({ json }) => {
    expect(faults(isHostJson, json)).toEqual([]);
  },
);

test.each([
  { version: '2.1' },
  { version: '2.0', functionTimeout: '00:99:00' },
  { version: '2.0', functionTimeout: '24:00:00' },
  { version: '2.0', healthMonitor: { enabled: 'yes' } },
  { version: '2.0', extensions: { queues: { batchsize: 32 } } },
  { version: '2.0', extensions: { queues: { batchSize: 33 } } },
  { version: '2.0', extensions: { queues: { maxPollingInterval: '0:1' } } },
  { version: '2.0', extensions: { http: { routePrefix: 'api', hsts: { enabled: true } } } },
  { version: '2.0', logging: { logLevel: { 'Azure.Core': 'Wrong' } } },
  { version: '2.0', logging: { applicationInsights: { samplingSettings: { excludedTypes: 'Exceptions' } } } },
])('%j is no host.json', (json) => {
  expect(faults(isHostJson, json)).not.toEqual([]);
});
