import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from '../support/sources';
import { INFRA, modulesOf, readSources, readTemplate, templates } from './evaluated';

/* The compiled template: descriptions, modules, parameters. The compiler itself checks the rest (.ci/bicep). */

const main = readTemplate();
const modules = modulesOf(main);
const text = JSON.stringify(main);

/** What `find` finds in the template and in every module, each with its name. */
function findings(find: (template: typeof main) => readonly string[]): string[] {
  return templates().flatMap(([name, template]) => find(template).map((each) => `${name}: ${each}`));
}

describe('every file', () => {
  test('is part of the template, and none comes from a registry', () => {
    const sources = readSources();
    const used = [...(sources.get('main.bicep') ?? '').matchAll(/^module \w+ '([^']+)'/gm)].map(([, file]) => file);
    expect([...sources.keys()].filter((file) => file !== 'main.bicep')).toEqual([...new Set(used)].sort());
    expect(Object.keys(modules)).toHaveLength(used.length);
  });

  test('describes its parameters and outputs', () => {
    expect(
      findings(({ parameters, outputs }) =>
        Object.entries({ ...parameters, ...outputs })
          .filter(([, { metadata }]) => !metadata?.description)
          .map(([name]) => name),
      ),
    ).toEqual([]);
  });
});

describe('modules', () => {
  test('have names of their own in every environment, so that two deploy into one resource group', () => {
    const names = Object.values(modules).map(({ name }) => name);
    expect(names.filter((name) => !/^\[format\('[\w-]+-\{0\}', variables\('token'\)\)\]$/.test(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  test('give only outputs that are used', () => {
    const unread = Object.entries(modules).flatMap(([module, { properties }]) =>
      Object.keys(properties?.template?.outputs ?? {})
        .filter((output) => !text.includes(`reference('${module}').outputs.${output}.value`))
        .map((output) => `${module}.${output}`),
    );
    expect(unread).toEqual([]);
  });
});

describe('names of role assignments', () => {
  test('come from ids of resources, which are known before a deployment, and the id of the operator', () => {
    const named = findings(({ resources }) =>
      Object.entries(resources)
        .filter(([, { type }]) => /roleAssignments$/i.test(type))
        .filter(
          ([, { name, condition }]) =>
            name.includes("parameters('principalId')") ||
            (!condition && !/parameters\('(?:i|packageI)dentityId'\)/.test(name)),
        )
        .map(([name]) => name),
    );
    expect(named).toEqual([]);
  });
});

describe('main.bicepparam', () => {
  const parameters = readFileSync(path.join(INFRA, 'main.bicepparam'), 'utf8');
  const set = [...parameters.matchAll(/^param (\w+) =/gm)].map(([, name]) => name ?? '');

  test('is for main.bicep and sets parameters of it', () => {
    expect(parameters).toMatch(/^using '\.\/main\.bicep'$/m);
    expect(set.filter((name) => main.parameters?.[name] === undefined)).toEqual([]);
    const required = Object.entries(main.parameters ?? {}).filter(([, { defaultValue }]) => defaultValue === undefined);
    expect(required.map(([name]) => name).filter((name) => !set.includes(name))).toEqual([]);
  });

  test('is the one file of parameters', () => {
    expect(existsSync(path.join(INFRA, 'main.parameters.json'))).toBe(false);
  });
});

describe('parameters', () => {
  const { parameters = {} } = main;

  test('accept every name that azd accepts', () => {
    expect(parameters.environmentName).toMatchObject({ minLength: 1, maxLength: 64 });
  });

  test('take the cloud from the deployment', () => {
    expect(parameters.cloudName?.defaultValue).toBe('[environment().name]');
  });

  test('offer the versions of Node that continuous integration tests, the newest by default', () => {
    const workflow = readFileSync(path.join(ROOT, '.github/workflows/ci.yml'), 'utf8');
    const tested = /node: \[([\d, ]+)\]/.exec(workflow)?.[1]?.split(', ');
    expect(parameters.nodeVersion).toMatchObject({ allowedValues: tested, defaultValue: tested?.at(-1) });
  });

  test('are refused with words: the files in refused/ begin with them, and .ci/bicep compares', () => {
    const folder = path.join(__dirname, 'refused');
    const files = readdirSync(folder).map((file) => readFileSync(path.join(folder, file), 'utf8'));
    const words = files.map((file) => [...file.matchAll(/^\/\/ (.+)$/gm)].map(([, each]) => each ?? ''));
    expect(words.filter((each) => each.length === 0)).toEqual([]);
    // Every refusal of the template is tried by one of them.
    const refusals =
      JSON.stringify(main.variables?.refusals).match(/createArray\((?:format\()?'\w+ (?:is|has|and)[^'{]*/g) ?? [];
    const begins = refusals.map((text) => text.replace(/^.*'/, '').trimEnd());
    expect(begins).toHaveLength(9);
    expect(begins.filter((text) => !words.flat().some((each) => each.startsWith(text)))).toEqual([]);
  });

  test('are refused without a full stop at the end, which Azure adds', () => {
    const said = JSON.stringify(main.variables?.refusals).match(/'\w+ (?:is|has|and) [^']*'/g) ?? [];
    expect(said).toHaveLength(9);
    expect(said.filter((text) => text.endsWith(".'"))).toEqual([]);
    expect(main.variables?.token).toContain("fail(join(variables('refusals'), '. '))");
  });
});

test('the rules that travel with the template stop no deployment', () => {
  const config = JSON.parse(readFileSync(path.join(INFRA, 'bicepconfig.json'), 'utf8')) as {
    analyzers: { core: { rules: Readonly<Record<string, { level: string }>> } };
  };
  expect(Object.values(config.analyzers.core.rules).filter(({ level }) => level === 'error')).toEqual([]);
  // The one rule that is an error unless told otherwise.
  expect(config.analyzers.core.rules['nested-deployment-template-scoping']).toEqual({ level: 'warning' });
});
