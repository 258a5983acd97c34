import { documented, either, symbol, word } from '../copies';
import { type OutsideValue, outsideEach } from '../outside-value';
import { stringsIn, textOf } from '../production';

/* Azure Monitor and OpenTelemetry: attributes, tables, columns, and the workbook. */

const SEMANTIC = '@opentelemetry/semantic-conventions/dist/index-incubating.cjs';
const ALERTS = textOf('infra/modules/alerts.bicep');
const WORKBOOK = textOf('infra/workbook.json');
const PAGES = ['docs/deploy.md', 'docs/operate.md', 'docs/telemetry.md'].map(textOf).join('\n');

/** The queries of a text: of Bicep, between three quotation marks; of the workbook, the property `query`. */
const alertQueries = [...ALERTS.matchAll(/'''\n([\s\S]*?)'''/g)].map(([, query = '']) => query);
const workbookQueries = [...WORKBOOK.matchAll(/"query": "((?:[^"\\]|\\.)*)"/g)].map(
  ([, query]) => JSON.parse(`"${query}"`) as string,
);

/** Words of the query language that stand where columns do. */
const KUSTO = new Set(
  'where name in and or not summarize by bin sum sumif max min avg count project order asc desc let union distinct tostring toint extend take top'.split(
    ' ',
  ),
);

/** The columns and tables that a query makes itself. */
function madeBy(query: string): ReadonlySet<string | undefined> {
  return new Set([...query.matchAll(/(\w+) ?= ?(?!=)/g)].map(([, name]) => name));
}

const madeByQueries = madeBy(alertQueries.join('\n'));

/** The names that a query has outside of strings, less those that it makes itself. */
function namesIn(query: string): string[] {
  const plain = query.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/\{[\w:]+\}/g, '');
  const own = madeBy(query);
  return [...plain.matchAll(/[A-Za-z_]\w*/g)]
    .map(([name]) => name)
    .filter((name) => !own.has(name) && !KUSTO.has(name));
}

const tables = either(documented('azure monitor tables', 'tables'), documented('azure monitor tables', 'columns'));
const classic = either(
  documented('application insights tables', 'tables'),
  documented('application insights tables', 'columns'),
);

/** The values of a property anywhere in the workbook. */
function inWorkbook(property: string): string[] {
  const found: string[] = [];
  JSON.parse(WORKBOOK, (key, value: unknown) => {
    if (key === property && typeof value === 'string') found.push(value);
    return value;
  });
  return found;
}

export const monitoring: readonly OutsideValue[] = [
  ...outsideEach(
    'attribute of a resource',
    stringsIn('src/azure/monitor.ts', /^service\./, 2),
    either(symbol(SEMANTIC, 'ATTR_SERVICE_NAME'), symbol(SEMANTIC, 'ATTR_SERVICE_INSTANCE_ID')),
  ),
  ...outsideEach('table or column of an alert', alertQueries.flatMap(namesIn), tables),
  ...outsideEach(
    'measured column of an alert',
    [...ALERTS.matchAll(/column: '(\w+)'/g)].map(([, name]) => name).filter((name) => !madeByQueries.has(name)),
    tables,
  ),
  ...outsideEach(
    'table that a page names',
    PAGES.match(/\bApp(?:[A-Z]\w+s)\b/g) ?? [],
    documented('azure monitor tables', 'tables'),
  ),
  ...outsideEach('table or column of the workbook', workbookQueries.flatMap(namesIn), classic),
  ...outsideEach('version in the workbook', inWorkbook('version'), documented('workbooks', 'versions')),
  ...outsideEach('schema of the workbook', inWorkbook('$schema'), documented('workbooks', 'schema')),
  ...outsideEach(
    'resource type in the workbook',
    [...inWorkbook('resourceType'), ...inWorkbook('namespace')],
    documented('workbooks', 'resource types'),
  ),
  ...outsideEach('metric of Cosmos DB', inWorkbook('metric'), documented('workbooks', 'metric of request units')),
  ...outsideEach(
    'place of the policy',
    stringsIn('src/azure/monitor.ts', /^perCall$/, 1),
    word('@azure/core-client/dist/commonjs'),
  ),
];
