import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { ROOT } from '../support/sources';
import { only, readSnapshots, readTemplate } from './evaluated';

/* What runs elsewhere, held to what is here. */

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly uses?: string;
  readonly needs?: string;
  readonly env?: object;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: { readonly node: readonly number[] } };
  readonly steps?: readonly Step[];
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const CREATED = 'create/templates/shared/.github/workflows/ci.yml';
const FILES = ['.github/workflows/ci.yml', '.github/workflows/deploy.yml', CREATED];

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const scripts = (JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> }).scripts;
const ci = parse(read('.github/workflows/ci.yml')) as Workflow;
const deploy = parse(read('.github/workflows/deploy.yml')) as Workflow;

const jobs = [ci, deploy].flatMap((workflow) => Object.values(workflow.jobs));
const steps = jobs.flatMap((job) => job.steps ?? []);
const commands = steps.map(({ run }) => run ?? '').join('\n');

/** Scripts of the project that a text runs, and those of them that there are not. */
function missingScripts(text: string): string[] {
  const named = [...text.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name]) => name ?? '');
  expect(named.length).toBeGreaterThan(0);
  return named.filter((name) => scripts[name] === undefined);
}

describe('the workflows', () => {
  test('run scripts and files that there are', () => {
    expect(missingScripts(commands)).toEqual([]);
    const files = [...commands.matchAll(/(?:^|\s)((?:\.ci|infra|node_modules)\/[\w./-]+)/gm)].map(
      ([, file]) => file ?? '',
    );
    expect(files).toEqual(expect.arrayContaining(['.ci/run', 'infra/main.bicepparam']));
    expect(files.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
    expect(jobs.flatMap(({ uses }) => uses ?? []).filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
  });

  test('use actions of GitHub and of Azure only, each by its commit, with the version beside it', () => {
    const used = new Set(steps.flatMap(({ uses }) => uses ?? []));
    expect([...used].filter((name) => !/^(actions|azure)\/[\w-]+@[\da-f]{40}$/.test(name))).toEqual([]);
    for (const file of FILES) {
      const lines = [...read(file).matchAll(/^.*\buses: .*$/gm)].map(([line]) => line.trim());
      expect(lines.length).toBeGreaterThan(0);
      const pinned = /^(?:- )?uses: (?:[a-z]+\/[\w-]+@[\da-f]{40} # v\d+\.\d+\.\d+|\.\/[\w./-]+)$/;
      expect(lines.filter((line) => !pinned.test(line))).toEqual([]);
    }
    // One version of each.
    const names = [...used].map((name) => name.replace(/@.*/, ''));
    expect(names).toEqual([...new Set(names)]);
  });

  test('of a created bot use the same versions of actions', () => {
    const created = parse(read(CREATED)) as Workflow;
    const used = Object.values(created.jobs).flatMap((job) => job.steps?.flatMap(({ uses }) => uses ?? []) ?? []);
    expect(used).toContain(ci.jobs.check?.steps?.[0]?.uses);
    expect([...new Set(steps.flatMap(({ uses }) => uses ?? []))]).toEqual(expect.arrayContaining(used));
  });

  test('deploy under the name of the environment, so that two environments of one resource group have deployments of their own', () => {
    const named = [...commands.matchAll(/az deployment group \w+(?:[^|]*?)--name(\S+)/g)].map(([, name]) => name);
    // With the sign: a name that begins with a hyphen would be taken for an option.
    expect(named).toEqual(['="$AZURE_ENV_NAME"', '="$AZURE_ENV_NAME"']);
  });

  test('know no secret, and may do little', () => {
    for (const file of ['ci', 'deploy']) expect(read(`.github/workflows/${file}.yml`)).not.toMatch(/secrets\s*[.[:]/);
    expect([ci.permissions, deploy.permissions]).toEqual([{ contents: 'read' }, { contents: 'read' }]);
    expect(jobs.map(({ permissions }) => permissions).filter(Boolean)).toEqual([
      { contents: 'read', 'id-token': 'write' },
    ]);
  });

  test('leave no token of the repository behind for what they run', () => {
    const created = parse(read(CREATED)) as Workflow;
    const checkouts = [...steps, ...Object.values(created.jobs).flatMap((job) => job.steps ?? [])].filter(({ uses }) =>
      uses?.startsWith('actions/checkout@'),
    );
    expect(checkouts.length).toBeGreaterThan(6);
    expect(checkouts.filter((step) => step.with?.['persist-credentials'] !== false)).toEqual([]);
  });

  describe('build the package where nobody can sign in to Azure, and sign in where nothing of npm runs', () => {
    const { package: build, deploy: publish } = deploy.jobs;
    const maySignIn = (job: Job | undefined): boolean => job?.permissions?.['id-token'] === 'write';
    const run = (job: Job | undefined): string => job?.steps?.map((step) => step.run ?? '').join('\n') ?? '';
    const step = (job: Job | undefined, action: string) =>
      job?.steps?.find(({ uses }) => uses?.startsWith(`${action}@`));

    test('two jobs, of which the second waits for the first', () => {
      expect([maySignIn(build), maySignIn(publish)]).toEqual([false, true]);
      expect([build?.needs, publish?.needs]).toEqual(['ci', 'package']);
      // The first has no environment either, whose variables and rules are for the second.
      expect([build?.env, (build as { environment?: string }).environment]).toEqual([undefined, undefined]);
    });

    test('every job that may sign in runs no script of the repository, and installs nothing', () => {
      const signing = [ci, deploy].flatMap((workflow) => Object.values(workflow.jobs)).filter(maySignIn);
      expect(signing).toEqual([publish]);
      expect(run(publish)).not.toMatch(/\b(?:npm|npx|node|yarn|pnpm|sh|bash|make)\b|\.ci\/|\.\//);
      expect(publish?.steps?.filter(({ uses }) => uses?.startsWith('actions/setup-'))).toEqual([]);
      expect(step(publish, 'actions/checkout')?.with).toMatchObject({ 'sparse-checkout': 'infra' });
    });

    test('what is published is the file that was built', () => {
      const up = step(build, 'actions/upload-artifact')?.with;
      const down = step(publish, 'actions/download-artifact')?.with;
      expect(up).toEqual({ name: 'package', path: 'dist/package.zip', 'if-no-files-found': 'error' });
      expect(down).toEqual({ name: up?.name, path: 'dist' });
      expect(run(build)).toContain('npm run package');
      expect(run(publish)).toContain('--src dist/package.zip');
    });
  });

  test('test on the Node versions of Azure, and not on the one that npm brings', () => {
    const { node } = ci.jobs;
    expect(node?.strategy?.matrix.node).toEqual([22, 24]);
    expect(node?.steps?.at(-1)?.run).toBe('node --version && node node_modules/jest/bin/jest.js');
  });

  test('deploy what was tested, and what npm run package makes', () => {
    expect(deploy.jobs.ci?.uses).toBe('./.github/workflows/ci.yml');
    expect(commands).toContain('--src dist/package.zip');
  });

  test('read outputs that the template has', () => {
    const outputs = Object.keys(readTemplate().outputs ?? {});
    const asked = [...commands.matchAll(/jq -r \.(\w+)\.value/g)].map(([, name]) => name);
    expect(asked.length).toBeGreaterThan(0);
    expect(outputs).toEqual(expect.arrayContaining(asked));
  });

  test('give the template the variables that it reads', () => {
    const wanted = [...read('infra/main.bicepparam').matchAll(/readEnvironmentVariable\('(\w+)'/g)].map(
      ([, name]) => name,
    );
    const env = (deploy.jobs.deploy as { readonly env?: object } | undefined)?.env ?? {};
    expect(Object.keys(env)).toEqual(expect.arrayContaining(wanted));
  });
});

describe('azure.yaml', () => {
  const text = read('azure.yaml');
  const azure = parse(text) as {
    readonly infra: { readonly path: string; readonly module: string };
    readonly services: Readonly<
      Record<
        string,
        { readonly dist: string; readonly host: string; readonly remoteBuild: boolean; readonly resourceName: string }
      >
    >;
  };
  test('names the template, and the service that the template tags', () => {
    expect(existsSync(path.join(ROOT, azure.infra.path, `${azure.infra.module}.bicep`))).toBe(true);
    const [service = ''] = Object.keys(azure.services);
    for (const snapshot of readSnapshots()) {
      const tagged = snapshot.predictedResources.filter(({ tags }) => tags?.['azd-service-name'] === service);
      expect(tagged).toEqual([only(snapshot, 'Microsoft.Web/sites')]);
    }
  });

  test('finds the app of the environment by an output, as other environments have the same tag', () => {
    const output = /^\$\{(\w+)\}$/.exec(azure.services.bot?.resourceName ?? '')?.[1] ?? '';
    for (const snapshot of readSnapshots()) {
      expect(snapshot.outputs[output]).toBe(only(snapshot, 'Microsoft.Web/sites').name);
    }
  });

  test('deploys what npm run package makes, as it is', () => {
    expect(missingScripts(text)).toEqual([]);
    expect(Object.values(azure.services)).toMatchObject([
      { host: 'function', dist: 'dist/package', remoteBuild: false },
    ]);
  });
});
