import { filesBelow } from '../../support/sources';
import { documented, either, resourceString, resourceType, role } from '../copies';
import { type OutsideValue, outside, outsideEach, type Value } from '../outside-value';
import { textOf } from '../production';

/* What the deployment names: roles, resource types, their values, clouds, actions. */

const TEMPLATE = filesBelow('infra')
  .filter((file) => file.endsWith('.bicep'))
  // Without comments and descriptions.
  .map((file) => ({ file, text: textOf(file).replace(/^\s*\/\/.*$|^@description\(.*\)$/gm, '') }));
/** The workflows, and those that bots begin with. */
const WORKFLOWS = [
  ...filesBelow('.github/workflows'),
  ...filesBelow('create/templates').filter((file) => file.includes('/.github/workflows/')),
]
  .map(textOf)
  .join('\n');
const TEMPLATE_AND_PARAMETERS = [...filesBelow('infra').map(textOf), WORKFLOWS].join('\n');
const GUID = /(\w+)\s*[=:]\s*'([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})'/g;

function all(pattern: RegExp): string[] {
  return TEMPLATE.flatMap(({ text }) => [...text.matchAll(pattern)].map(([, value = '']) => value));
}

/** Properties of resources whose values the services define. */
const PROPERTIES = [
  'kind',
  'type',
  'tier',
  'principalType',
  'minimumTlsVersion',
  'minimalTlsVersion',
  'defaultConsistencyLevel',
  'databaseAccountOfferType',
  'indexingMode',
  'publicAccess',
  'msaAppType',
  'channelName',
  'aggregation',
  'timeAggregation',
  'operator',
  'Application_Type',
  'runtime',
];

/** Returns the settings that the template refuses. The host compares their names without regard to case, and so does the template. */
function refusedSettings(): OutsideValue[] {
  const names = all(/var refusedSettings = \[([^\]]+)\]/g).flatMap((list) => [...list.matchAll(/'(\w+)'/g)]);
  const lower = (name: Value): string => String(name).toLowerCase();
  const copies = either(
    documented('functions settings', 'names', lower),
    documented('flex deprecations', 'names', lower),
    documented('flex migration', 'names', lower),
  );
  return outsideEach(
    'refused setting',
    names.map(([, name]) => name),
    {
      ...copies,
      parts: (copies.parts ?? []).map((part) => ({ ...part, has: (name: Value) => part.has(lower(name)) })),
      has: (name) => copies.has(lower(name)),
      alternative: (name, original) => lower(name) === lower(original),
    },
  );
}

/** Returns the names of resources of types that have fixed names. */
function namesOfResources(): OutsideValue[] {
  const types = ['Microsoft.Web/sites/basicPublishingCredentialsPolicies', 'Microsoft.Web/sites/config'];
  return types.flatMap((type) => {
    const named = new RegExp(`'${type.replaceAll('.', '\\.')}@[\\w-]+' = \\{[^{}]*?name: '(\\w+)'`, 'g');
    return outsideEach(`name of ${type}`, all(named), resourceString(type));
  });
}

/** Ids of roles, each with the role that the name beside it means in its file. */
function roles(): OutsideValue[] {
  return TEMPLATE.flatMap(({ file, text }) =>
    [...text.matchAll(GUID)].map(([, name = '', id]) =>
      outside(`role ${name} in ${file}`, id, role(name, /(\w+)\.bicep$/.exec(file)?.[1] ?? '')),
    ),
  );
}

export const azure: readonly OutsideValue[] = [
  ...roles(),
  ...refusedSettings(),
  ...namesOfResources(),
  ...outsideEach(
    'resource type',
    all(/'(Microsoft\.[\w./]+@[\w-]+)'/g),
    either(resourceType(), documented('resource logs', 'type')),
  ),
  ...outsideEach('category of a log', all(/category: '(\w+)', enabled/g), documented('resource logs', 'categories')),
  ...outsideEach('container of the host', all(/'(azure-webjobs-\w+)'/g), documented('functions containers', 'names')),
  ...outsideEach(
    'table of a log of a resource',
    [...textOf('docs/deploy.md').matchAll(/\(`(\w+Logs|CDB\w+)`\)/g)].map(([, table]) => table),
    documented('resource logs', 'tables'),
  ),
  ...outsideEach('resource type of a role', all(/'(Microsoft\.[\w./]+)'/g), resourceType()),
  ...outsideEach(
    'value of a resource',
    PROPERTIES.flatMap((name) => all(new RegExp(`\\b${name}: '([\\w,.]+)'`, 'g'))),
    {
      ...either(resourceString(), documented('flex consumption', 'tier'), documented('flex consumption', 'kinds')),
      // A later version of TLS is stricter, and no mistake.
      alternative: (value) => value === 'TLS1_3',
    },
  ),
  ...outsideEach(
    'price',
    all(/\bsku: \{ name: '(\w+)'/g),
    either(resourceString(), documented('flex consumption', 'sku')),
  ),
  ...outsideEach(
    'capability of Cosmos DB',
    all(/name: '(Enable\w+)'/g),
    documented('cosmos capabilities', 'serverless'),
  ),
  ...outsideEach(
    'backup of Cosmos DB',
    all(/'(Continuous\w*)'/g),
    resourceString('Microsoft.DocumentDB/databaseAccounts'),
  ),
  ...outsideEach(
    'group of functions',
    all(/name: '(http)', instanceCount/g),
    documented('flex groups', 'group of HTTP functions'),
  ),
  ...outsideEach('window of an alert', all(/\bwindow: '(\w+)'/g), documented('alert rules', 'windows')),
  ...outsideEach(
    'frequency of an alert',
    all(/\bevaluationFrequency: '(\w+)'/g),
    documented('alert rules', 'frequencies'),
  ),
  ...outsideEach('name of a cloud', all(/\b(Azure\w*(?:Government|Cloud))\b/g), documented('bicep clouds', 'names')),
  ...outsideEach(
    'variable of azd',
    [...TEMPLATE_AND_PARAMETERS.matchAll(/\bAZURE_(?!CLIENT)[A-Z_]+\b/g)].map(([name]) => name),
    documented('azd variables', 'names'),
  ),
  ...outsideEach(
    'version of Node.js',
    [
      ...all(/runtime: \{ name: 'node', version: '(\d+)'/g),
      ...all(/nodeVersion string = '(\d+)'/g),
      ...[...WORKFLOWS.matchAll(/node-version: (\d+)$/gm)].map(([, version]) => version),
      ...[...WORKFLOWS.matchAll(/node: \[(\d+(?:, \d+)*)\]/g)].flatMap(([, versions = '']) => versions.split(', ')),
      ...all(/@allowed\(\[('\d\d'(?:, '\d\d')*)\]\)/g).flatMap((versions) => versions.match(/\d+/g) ?? []),
    ],
    documented('node of functions', 'versions'),
  ),
  ...outsideEach('channel', all(/'(\w+Channel)'/g), resourceString('Microsoft.BotService/botServices/channels')),
  ...outsideEach('tag for azd', all(/'(azd-[\w-]+)'/g), documented('azd', 'tags')),
  ...outsideEach(
    'property of a connection',
    all(/AzureWebJobsStorage__(\w+)/g),
    documented('functions connections', 'properties'),
  ),
  ...outsideEach(
    'credential of a connection',
    all(/AzureWebJobsStorage__credential: '(\w+)'/g),
    documented('functions connections', 'credential'),
  ),
  ...outsideEach(
    'way to send telemetry',
    all(/(Authorization=\w+)/g),
    documented('functions connections', 'telemetry with an identity'),
  ),
  ...outsideEach(
    'action of a workflow, with its version',
    [...WORKFLOWS.matchAll(/uses: ([^.\s].*)$/gm)].map(([, action]) => action),
    documented('github actions', 'actions'),
  ),
  ...outsideEach(
    'issuer of tokens of workflows',
    textOf('docs/deploy.md').match(/https:\/\/token\.actions\.[\w.]+/g) ?? [],
    documented('github actions', 'issuer'),
  ),
];
