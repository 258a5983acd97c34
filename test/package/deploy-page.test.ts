import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { modulesOf, ofType, only, readSnapshot, readTemplate, SNAPSHOT_NAMES } from '../infra/evaluated';
import { folderElsewhere, ROOT, turnwise } from './packaging';

/*
 * docs/deploy.md, line by line, as far as it can be followed without Azure: every command on the page has a row here, which holds what the
 * command needs against the compiled template, what it evaluates to, azure.yaml, the workflow, and the package.
 */

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const page = read('docs/deploy.md');
const template = readTemplate();
const dev = readSnapshot('default');
const azure = parse(read('azure.yaml')) as {
  readonly infra: { readonly provider: string; readonly path: string; readonly module: string };
  readonly services: {
    readonly bot: {
      readonly project: string;
      readonly host: string;
      readonly language: string;
      readonly dist: string;
      readonly resourceName: string;
      readonly hooks: { readonly prepackage: Readonly<Record<string, { readonly run: string }>> };
    };
  };
};
const workflow = parse(read('.github/workflows/deploy.yml')) as {
  readonly on: {
    readonly workflow_dispatch: { readonly inputs: Readonly<Record<string, { readonly default: unknown }>> };
  };
  readonly jobs: { readonly deploy: { readonly environment: string; readonly env: Readonly<Record<string, string>> } };
};
const scriptsOf = (file: string) =>
  (JSON.parse(read(file)) as { readonly scripts: Readonly<Record<string, string>> }).scripts;
/** Variables that the parameter file reads, by the parameters that they set. */
const variables = Object.fromEntries(
  [...read('infra/main.bicepparam').matchAll(/^param (\w+) = readEnvironmentVariable\('(\w+)'/gm)].map(
    ([, to, from]) => [from, to],
  ),
);
const GROUP = 'rg-my-bot';

/** Fenced blocks of the page: the words after the fence that opens each, and its lines. */
const blocks = [...page.matchAll(/^ *(`{3,}|~{3,})(.*)\n([\s\S]*?)^ *\1$/gm)].map(
  ([, , language = '', block = '']) => [language.trim(), block] as const,
);
/** Languages of blocks that are read and not run. */
const READ = ['json', 'bicep', 'yaml'];

/** Commands of the page in their order: lines of the blocks without a language, continued lines joined, and those that stand in the text. */
const commands = [
  ...blocks.flatMap(([language, block]) =>
    language === ''
      ? block
          .replace(/\\\n\s*/g, '')
          .split('\n')
          .map((line) => line.trim())
      : [],
  ),
  ...[...page.matchAll(/`((?:azd|az|gh|npm|npx|curl) [^`\n]+)`/g)].map(([, inline = '']) => inline),
].filter((line) => line !== '');

/** Where the package was made. */
let folder: string;
let packaged: readonly string[];

beforeAll(() => {
  folder = folderElsewhere();
  const { code, err } = turnwise(ROOT, 'package', '--out', path.join(folder, 'package'));
  if (code !== 0) throw new Error(err);
  packaged = readdirSync(path.join(folder, 'package')).sort();
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function isScript(name: string): void {
  for (const file of ['package.json', 'create/templates/shared/package.json']) {
    // npm runs "install" without a script.
    if (name !== 'install')
      expect([file, Object.keys(scriptsOf(file))]).toEqual([file, expect.arrayContaining([name])]);
  }
}

function isOutput(name: string): void {
  expect(Object.keys(template.outputs ?? {})).toContain(name);
  expect(Object.keys(dev.outputs)).toContain(name);
}

/** The folder that azd zips has an app: its entry point is there, and nothing has to be installed. */
function isPackage(): void {
  expect(packaged).toEqual(expect.arrayContaining(['host.json', 'main.js', 'package.json']));
  expect(packaged).not.toContain('node_modules');
  const { main } = JSON.parse(readFileSync(path.join(folder, 'package/package.json'), 'utf8')) as {
    readonly main: string;
  };
  expect(packaged).toContain(main);
  expect(existsSync(path.join(folder, 'package.zip'))).toBe(true);
}

function isReadByTheTemplate(variable: string): void {
  expect(Object.keys(template.parameters ?? {})).toContain(variables[variable]);
}

/** Commands of the page, and a check of the parts of each that stand in parentheses. */
const ROWS: readonly (readonly [command: RegExp, check: (...parts: readonly string[]) => void])[] = [
  [
    /^npm create turnwise@latest my-bot -- --template (\w+)$/,
    (name) => {
      expect(existsSync(path.join(ROOT, 'create/templates', name ?? ''))).toBe(true);
      expect((JSON.parse(read('create/package.json')) as { readonly name: string }).name).toBe('create-turnwise');
    },
  ],
  [/^cd my-bot$/, () => {}],
  [/^npm (install|test|start)$/, (name) => isScript(name ?? '')],
  [/^npm run (\w+)$/, (name) => isScript(name ?? '')],
  [
    /^npx turnwise ?(doctor|status)?$/,
    (name) => {
      expect(turnwise(ROOT, ...(name ? [name] : []), '--help').code).toBe(0);
    },
  ],
  [/^azd auth login$/, () => {}],
  [
    /^azd env new (\S+)$/,
    (name) => {
      expect(name).toMatch(/^[a-zA-Z0-9-()_.]{1,64}$/);
      isReadByTheTemplate('AZURE_ENV_NAME');
      expect(variables.AZURE_ENV_NAME).toBe('environmentName');
    },
  ],
  [
    /^azd (?:up|provision)$/,
    () => {
      expect(azure.infra).toEqual({ provider: 'bicep', path: 'infra', module: 'main' });
      for (const ending of ['bicep', 'bicepparam'])
        expect(existsSync(path.join(ROOT, `infra/main.${ending}`))).toBe(true);
      for (const { run } of Object.values(azure.services.bot.hooks.prepackage)) {
        expect(run).toBe('npm install && npm run package');
      }
      expect(azure.services.bot).toMatchObject({
        project: '.',
        host: 'function',
        language: 'js',
        dist: 'dist/package',
      });
      isPackage();
    },
  ],
  [
    /^azd deploy$/,
    () => {
      const [, output = ''] = /^\$\{(\w+)\}$/.exec(azure.services.bot.resourceName) ?? [];
      isOutput(output);
      expect(dev.outputs[output]).toBe(only(dev, 'Microsoft.Web/sites').name);
    },
  ],
  [/^azd package$/, isPackage],
  [/^azd down --purge$/, () => {}],
  [
    /^azd env set (\w+) (?:you@example\.org|\$\(az ad signed-in-user show --query id --output tsv\))$/,
    (name) => isReadByTheTemplate(name ?? ''),
  ],
  [/^az group create --name (\S+) --location westeurope$/, (group) => expect(group).toBe(GROUP)],
  [
    /^AZURE_ENV_NAME=(\S+) az deployment group create --name (\S+) --resource-group (\S+) --parameters (\S+)$/,
    (environment, deployment, group, file) => {
      isReadByTheTemplate('AZURE_ENV_NAME');
      expect([deployment, group]).toEqual([environment, GROUP]);
      expect(existsSync(path.join(ROOT, file ?? ''))).toBe(true);
    },
  ],
  [
    /^az deployment group show --name (\S+) --resource-group (\S+) --query properties\.outputs$/,
    (deployment, group) => {
      expect([deployment, group]).toEqual(['dev', GROUP]);
    },
  ],
  [
    /^(?:npm run package && )?az functionapp deployment source config-zip --resource-group (\S+) --name <(\w+)> --src (.+)$/,
    (group, output, file) => {
      expect(group).toBe(GROUP);
      isOutput(output ?? '');
      expect(['dist/package.zip', '<the package.zip of then>']).toContain(file);
      isPackage();
    },
  ],
  [
    /^az identity list --resource-group (\S+) --query "\[\?starts_with\(name, '(\S+)'\)\]\.\[name, principalId\]" --output table$/,
    (group, prefix) => {
      expect(group).toBe(GROUP);
      const names = ofType(dev, 'Microsoft.ManagedIdentity/userAssignedIdentities').map(({ name }) => name);
      expect(names.filter((name) => !name.startsWith(prefix ?? ''))).toEqual([]);
    },
  ],
  [
    /^az role assignment list --all --assignee <principal> --query "\[\?contains\(scope, '\/(\S+)\/'\)\]\.\[roleDefinitionName, id\]" --output table$/,
    (group) => expect(group).toBe(GROUP),
  ],
  [
    /^az role assignment delete --ids((?: <id>)+)$/,
    (ids) => {
      // Those of the earliest template, and the one that a later one still had.
      expect([4, 1]).toContain(ids?.trim().split(' ').length);
    },
  ],
  [
    /^az cosmosdb sql role assignment (?:list|delete) --account-name <account> --resource-group (\S+) (?:--query "\[\?principalId=='<principal>'\]\.name" --output tsv|--role-assignment-id <name> --yes)$/,
    (group) => {
      expect(group).toBe(GROUP);
      expect(ofType(dev, 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments')).toHaveLength(1);
    },
  ],
  [
    /^for alert in ([\w -]+); do az resource delete --resource-group (\S+) --resource-type (\S+) --name turnwise-dev-\$alert; done$/,
    (alerts, group, type) => {
      expect(group).toBe(GROUP);
      const rules = ofType(dev, type ?? '').map(({ name }) => name.replace(/^turnwise-dev-[a-z\d]{13}-/, ''));
      // The earlier template had no alert for these.
      expect(alerts?.split(' ')).toEqual(rules.filter((name) => !['no-sweep', 'refusals'].includes(name)));
    },
  ],
  [
    /^az resource delete --resource-group (\S+) --resource-type (\S+) --name turnwise-dev-(\S+)$/,
    (group, type, name) => {
      expect(group).toBe(GROUP);
      expect(only(readSnapshot('everything'), type ?? '').name).toMatch(new RegExp(`-${name}$`));
    },
  ],
  [/^az functionapp (?:restart|stop)$/, () => {}],
  [/^az group delete$/, () => {}],
  [
    /^curl --fail --retry 40 --retry-delay 15 --retry-all-errors <(\w+)>$/,
    (output) => {
      isOutput(output ?? '');
      expect(read('functions/health.ts')).toMatch(/authLevel: 'anonymous'/);
    },
  ],
  [/^az identity create --name (\S+) --resource-group (\S+)$/, (_identity, group) => expect(group).toBe(GROUP)],
  [
    /^az identity federated-credential create --name github --identity-name id-deploy --resource-group (\S+) --issuer \S+ --audiences \S+ --subject repo:<owner>\/<repository>:environment:(\w+)$/,
    (group, environment) => {
      expect(group).toBe(GROUP);
      // The subject of a token of GitHub names the environment of the job.
      expect(environment).toBe(workflow.on.workflow_dispatch.inputs.environment?.default);
      expect(workflow.jobs.deploy.environment).toMatch(/^\$\{\{ inputs\.environment \}\}$/);
    },
  ],
  [
    /^gh workflow run (\S+) --ref <tag> -f (\w+)=dev -f (\w+)=false$/,
    (file, ...inputs) => {
      expect(existsSync(path.join(ROOT, '.github/workflows', file ?? ''))).toBe(true);
      expect(Object.keys(workflow.on.workflow_dispatch.inputs)).toEqual(inputs);
    },
  ],
];

test('there are commands on the page', () => {
  expect(commands.length).toBeGreaterThan(20);
});

test('every block is one of commands, or of a language that is only read', () => {
  expect(
    blocks.map(([language]) => language).filter((language) => language !== '' && !READ.includes(language)),
  ).toEqual([]);
  // None is left open, or opened in a way that is not seen here.
  expect(page.match(/^[ >]*(?:`{3,}|~{3,})/gm)).toHaveLength(2 * blocks.length);
});

test.each([...new Set(commands)].map((command) => [command]))('%s', (command) => {
  const found = ROWS.filter(([pattern]) => pattern.test(command));
  // A command without a row is one that nothing here has looked at.
  expect(found).toHaveLength(1);
  const [pattern, check] = found[0]!;
  check(...(pattern.exec(command) ?? []).slice(1));
});

describe('what is created', () => {
  const rows = [...page.matchAll(/^\| ([^|]+?) +\| ([^|]+?) +\|$/gm)].map(
    ([, what = '', why = '']) => [what, why] as const,
  );
  const why = (what: string): string => rows.find(([each]) => each === what)?.[1] ?? '';
  const count = (type: string): number => ofType(dev, type).length;

  test('is in the table, each by its name', () => {
    const named = rows.map(([what]) => what).slice(rows.findIndex(([what]) => what === 'Resource') + 2);
    expect(named).toEqual([
      'two user-assigned identities',
      'function app, FC1',
      'storage account',
      'Cosmos DB account',
      'Azure Bot',
      'Log Analytics, App. Insights',
      'six alerts, one workbook',
    ]);
    expect(count('Microsoft.Insights/scheduledQueryRules')).toBe(6);
    expect(count('Microsoft.ManagedIdentity/userAssignedIdentities')).toBe(2);
    expect(count('Microsoft.Insights/workbooks')).toBe(1);
    const top = new Set(dev.predictedResources.map(({ type }) => type).filter((type) => type.split('/').length === 2));
    top.delete('Microsoft.Authorization/roleAssignments');
    // A setting of a resource, and no resource by itself.
    top.delete('Microsoft.Insights/diagnosticSettings');
    // The plan of the function app has no row of its own; the last three rows but one name two kinds each.
    expect(top.size).toBe(10);
  });

  test('is as the table says', () => {
    const app = only(dev, 'Microsoft.Web/sites').properties?.functionAppConfig as {
      runtime: { name: string; version: string };
    };
    expect(why('function app, FC1')).toContain(`Node ${app.runtime.version};`);
    expect(only(dev, 'Microsoft.Web/serverfarms').sku).toMatchObject({ name: 'FC1' });
    const [queue] = ofType(dev, 'Microsoft.Storage/storageAccounts/queueServices/queues');
    expect(why('storage account')).toContain(`the queue \`${queue?.name.split('/')[2]}\``);
    expect(JSON.stringify(only(dev, 'Microsoft.DocumentDB/databaseAccounts').properties)).toContain('Continuous7Days');
    expect(why('Cosmos DB account')).toContain('backed up for seven days');
  });
});

describe('what the page says of names', () => {
  test('environments share no deployment', () => {
    const names = Object.values(modulesOf(template)).map(({ name }) => name);
    // The one deployment that is named by hand is named after the environment, and so shared where Azure sees no difference.
    expect(page).toContain('unless the names of two environments differ only in case');
    expect(names.filter((name) => !name.includes("variables('token')"))).toEqual([]);
  });

  test('20 characters of the environment, and 13 of its own', () => {
    expect(page).toContain('the first 20 characters');
    for (const name of SNAPSHOT_NAMES) {
      const { functionAppName } = readSnapshot(name).outputs;
      expect(functionAppName).toMatch(/^func-(?:[a-z\d-]{1,20}-)?[a-z\d]{13}$/);
    }
  });
});

test('the variables of the GitHub environment are those that the workflow reads', () => {
  const named = new Set(/with the variables (.+)\. For production/.exec(page)?.[1]?.match(/[A-Z]+(?:_[A-Z]+)+/g) ?? []);
  const asked = new Set([...read('.github/workflows/deploy.yml').matchAll(/\bvars\.(\w+)/g)].map(([, name]) => name));
  expect(named).toEqual(asked);
});

test('the manifest for Teams has the app id in both places', () => {
  const manifest = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '') as {
    readonly id: string;
    readonly bots: readonly { readonly botId: string }[];
  };
  isOutput('botAppId');
  expect([manifest.id, manifest.bots[0]?.botId]).toEqual(['<botAppId>', '<botAppId>']);
});
