import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type BicepFile, INFRA, readTemplate } from './bicep';

/* What a compiler would say of the template, as far as it can be said without one: continuous integration runs the real one. */

let files: readonly BicepFile[];

beforeAll(async () => {
  files = await readTemplate();
});

/** What `find` finds in every file, each with the file. */
function findings(find: (file: BicepFile) => readonly string[]): string[] {
  return files.flatMap((file) => find(file).map((each) => `${file.path}: ${each}`));
}

function fileOf(path: string): BicepFile | undefined {
  return files.find((file) => file.path === path);
}

describe('every file', () => {
  test('is there', () => {
    expect(files.map((file) => file.path)).toEqual(expect.arrayContaining(['main.bicep', 'modules/cosmos.bicep']));
    expect(files.length).toBeGreaterThanOrEqual(8);
  });

  test('is Bicep', () => {
    expect(findings(({ errors }) => errors)).toEqual([]);
  });

  test('describes its parameters and outputs', () => {
    expect(
      findings(({ parameters, outputs }) =>
        [...parameters, ...outputs].filter(({ description }) => !description).map(({ name }) => name),
      ),
    ).toEqual([]);
  });

  test('uses its parameters, variables and modules', () => {
    expect(
      findings(({ parameters, variables, uses }) => {
        const used = new Set(uses);
        return [...parameters.map(({ name }) => name), ...Object.keys(variables)].filter((name) => !used.has(name));
      }),
    ).toEqual([]);
  });

  test('uses no name that it does not declare', () => {
    expect(
      findings(({ parameters, variables, resources, modules, loopVariables, uses }) => {
        const known = new Set([
          ...[...parameters, ...resources, ...modules].map(({ name }) => name),
          ...Object.keys(variables),
          ...loopVariables,
        ]);
        return [...new Set(uses)].filter((name) => !known.has(name));
      }),
    ).toEqual([]);
  });

  test('calls functions that there are', () => {
    const there = new Set(
      'concat description empty environment guid minLength maxLength minValue maxValue allowed replace loadTextContent resourceGroup subscriptionResourceId tenant toLower union uniqueString'.split(
        ' ',
      ),
    );
    expect(findings(({ calls }) => [...new Set(calls)].filter((name) => !there.has(name)))).toEqual([]);
  });

  test('has released API versions, one for each kind of resource', () => {
    const versions = new Map<string, string>();
    const odd = findings(({ resources }) =>
      resources.flatMap(({ kind }) => {
        const [type = '', version = ''] = kind.split('@');
        const family = type.split('/')[0] === 'Microsoft.Insights' ? type : (type.split('/')[0] ?? '');
        const earlier = versions.get(family) ?? version;
        versions.set(family, earlier);
        return /^\d{4}-\d\d-\d\d$/.test(version) && version === earlier ? [] : [kind];
      }),
    );
    expect(odd).toEqual([]);
  });
});

describe('modules', () => {
  test('are files of the template: nothing is fetched from a registry', () => {
    expect(findings(({ modules }) => modules.map(({ kind }) => kind).filter((kind) => !fileOf(kind)))).toEqual([]);
    const called = files.flatMap(({ modules }) => modules.map(({ kind }) => kind));
    expect(files.map((file) => file.path).filter((each) => each !== 'main.bicep' && !called.includes(each))).toEqual(
      [],
    );
  });

  test('get what they ask for, and nothing else', () => {
    expect(
      findings(({ modules }) =>
        modules.flatMap(({ name, kind, body }) => {
          const given = Object.keys(body.params ?? {});
          const asked = fileOf(kind)?.parameters ?? [];
          return [
            ...asked
              .filter((each) => !each.optional && !given.includes(each.name))
              .map((each) => `${name} lacks ${each.name}`),
            ...given
              .filter((each) => !asked.some((parameter) => parameter.name === each))
              .map((each) => `${name} has no ${each}`),
          ];
        }),
      ),
    ).toEqual([]);
  });

  test('give what is asked of them', () => {
    expect(
      findings(({ modules, outputsUsed }) =>
        outputsUsed
          .filter(({ module, output }) => {
            const file = fileOf(modules.find(({ name }) => name === module)?.kind ?? '');
            return !file?.outputs.some(({ name }) => name === output);
          })
          .map(({ module, output }) => `${module}.outputs.${output}`),
      ),
    ).toEqual([]);
  });

  test('are all asked for: an output that nobody reads is none', () => {
    const main = fileOf('main.bicep');
    const read = new Set(main?.outputsUsed.map(({ module, output }) => `${module}.${output}`));
    const unread = main?.modules.flatMap(({ name, kind }) =>
      (fileOf(kind)?.outputs ?? []).map((output) => `${name}.${output.name}`).filter((each) => !read.has(each)),
    );
    expect(unread).toEqual([]);
  });
});

describe('main.bicepparam', () => {
  const text = readFileSync(path.join(INFRA, 'main.bicepparam'), 'utf8');
  const set = [...text.matchAll(/^param (\w+) =/gm)].map(([, name]) => name ?? '');

  test('is for main.bicep and sets parameters of it', () => {
    expect(text).toMatch(/^using '\.\/main\.bicep'$/m);
    const parameters = fileOf('main.bicep')?.parameters ?? [];
    expect(set.filter((name) => !parameters.some((parameter) => parameter.name === name))).toEqual([]);
    expect(parameters.filter(({ name, optional }) => !optional && !set.includes(name))).toEqual([]);
  });

  test('is the one file of parameters', () => {
    expect(existsSync(path.join(INFRA, 'main.parameters.json'))).toBe(false);
  });
});
