import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { EVENTS } from '../../src/runtime/events';
import { DEFAULT_OPTIONS } from '../../src/runtime/options';
import { ERRORS } from '../../src/schema/errors';
import { SETTINGS } from '../../src/settings-list';
import { ofType, readSnapshot, readTemplate } from '../infra/evaluated';
import { ROOT } from '../support/sources';

/* The pages for who deploys and operates: what they name has to be there. */

const PAGES = ['docs/deploy.md', 'docs/operate.md'];

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const template = readTemplate();
const ordinary = readSnapshot('default');
const outputs = Object.keys(template.outputs ?? {});
const parameters = Object.keys(template.parameters ?? {});
/** The alerts by the last part of their names. */
const alerts = ofType(ordinary, 'Microsoft.Insights/scheduledQueryRules').map(({ name }) =>
  name.replace(/^turnwise-dev-[a-z\d]{13}-/, ''),
);

const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };

/** Settings that the template refuses, as Azure writes them. */
const refused = ((template.variables?.refusedSettings ?? []) as readonly string[]).map((name) => name.toUpperCase());

/** Words of others: of Azure, of Teams, of GitHub, and of `npx turnwise`, whose own tests know them. */
const OF_OTHERS = new Set(
  'dev Dev cosmos_endpoint RoleAssignmentExists echo core empty azd ready running FunctionAppLogs StorageBlobLogs CDBControlPlaneRequests Rejected403 TypeError TurnwiseError AppExceptions AppTraces conversation messages turns sweep health'.split(
    ' ',
  ),
);

describe.each(PAGES)('%s', (page) => {
  const text = read(page);
  const quoted = [...text.matchAll(/(?<!`)`([^`\n]+)`(?!`)/g)].map(([, each]) => each ?? '');

  test('names settings, parameters, outputs, options, events, errors and alerts that there are', () => {
    const known = new Set<string>([
      ...OF_OTHERS,
      ...SETTINGS.map(({ name }) => name),
      ...Object.keys({ ...EVENTS, ...ERRORS, ...DEFAULT_OPTIONS }),
      ...parameters,
      ...Object.values(template.parameters ?? {}).flatMap(({ allowedValues = [] }) => allowedValues.map(String)),
      ...outputs,
      ...alerts,
      ...refused,
      // What the workflow and the parameter file read.
      ...(`${read('.github/workflows/deploy.yml')}${read('infra/main.bicepparam')}`.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ??
        []),
    ]);
    const words = quoted.filter((each) => /^\w+$/.test(each) && !known.has(each));
    expect(words).toEqual([]);
  });

  test('leaves out of commands what the deployment says, by the names of its outputs', () => {
    const left = [...text.matchAll(/<([a-z]+[A-Z]\w*)>/g)].map(([, name]) => name ?? '');
    expect(left.filter((name) => !outputs.includes(name))).toEqual([]);
  });

  test('names files and scripts that there are', () => {
    const files = quoted.filter((each) => /^(docs|infra|src|test|\.ci|\.github)\/[\w./-]+$/.test(each));
    expect(files.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
    const run = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name ?? '');
    expect(run.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});
