import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/*
 * The deployment template as the real compiler sees it, read from files that `.ci/bicep write` makes: what it compiles to, and what a
 * deployment with some parameters comes to. Reading them needs no compiler. `.ci/bicep` holds them to the sources.
 */

export const INFRA = path.join(__dirname, '../../infra');
export const SNAPSHOTS = path.join(__dirname, 'snapshots');

export type Value = string | number | boolean | null | readonly Value[] | Properties;

export interface Properties {
  readonly [name: string]: Value;
}

/** A resource as it would be deployed. A value that only Azure knows is an expression in square brackets. */
export interface Resource {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly apiVersion: string;
  readonly location?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly properties?: Properties;
  readonly [further: string]: unknown;
}

/** A deployment with the parameters of `snapshots/<name>.bicepparam`. */
export interface Snapshot {
  readonly name: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly predictedResources: readonly Resource[];
  readonly diagnostics: readonly unknown[];
  readonly outputs: Readonly<Record<string, Value>>;
}

export interface Parameter {
  readonly type: string;
  readonly defaultValue?: Value;
  readonly allowedValues?: readonly Value[];
  readonly minValue?: number;
  readonly maxValue?: number;
  readonly maxLength?: number;
  readonly metadata?: { readonly description?: string };
}

/** A compiled template. A module is a resource of the type `Microsoft.Resources/deployments` with a template of its own. */
export interface Template {
  readonly parameters?: Readonly<Record<string, Parameter>>;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly resources: Readonly<Record<string, TemplateResource>>;
  readonly outputs?: Readonly<Record<string, { readonly metadata?: { readonly description?: string } }>>;
}

export interface TemplateResource {
  readonly type: string;
  readonly name: string;
  readonly apiVersion: string;
  readonly condition?: string;
  readonly properties?: {
    readonly template?: Template;
    readonly parameters?: Readonly<Record<string, unknown>>;
  };
}

/** Names of the kept snapshots. */
export const SNAPSHOT_NAMES: readonly string[] = readdirSync(SNAPSHOTS)
  .filter((file) => file.endsWith('.bicepparam'))
  .map((file) => file.replace(/\.bicepparam$/, ''))
  .sort();

export function readSnapshot(name: string): Snapshot {
  const text = readFileSync(path.join(SNAPSHOTS, `${name}.bicepparam`), 'utf8');
  const parameters = Object.fromEntries(
    [...text.matchAll(/^param (\w+) = '?(.*?)'?$/gm)].map(([, key, to]) => [key, to]),
  );
  const evaluated = JSON.parse(readFileSync(path.join(SNAPSHOTS, `${name}.snapshot.json`), 'utf8')) as Snapshot;
  return { ...evaluated, name, parameters };
}

export const readSnapshots = (): readonly Snapshot[] => SNAPSHOT_NAMES.map(readSnapshot);

/** Returns the resources of a type, in the order of their deployment. */
export function ofType({ predictedResources }: Snapshot, type: string): readonly Resource[] {
  return predictedResources.filter((resource) => resource.type === type);
}

/** Returns the one resource of a type. */
export function only(snapshot: Snapshot, type: string): Resource {
  const [found, ...more] = ofType(snapshot, type);
  if (found === undefined || more.length > 0) throw new Error(`${snapshot.name}: ${type} is not there once.`);
  return found;
}

/** Returns the ids of the two identities: the one that the bot and the app are, and the one that the package is written and fetched with. */
export function identitiesOf(snapshot: Snapshot): { readonly app: string; readonly package: string } {
  const ids = ofType(snapshot, 'Microsoft.ManagedIdentity/userAssignedIdentities').map(({ id }) => id);
  const [app = '', ofPackage = ''] = ids;
  if (ids.length !== 2 || ofPackage !== `${app}-package`) throw new Error(`${snapshot.name} has other identities.`);
  return { app, package: ofPackage };
}

/** Returns the value at a path of properties, or `undefined`. */
export function at(value: unknown, ...names: readonly string[]): unknown {
  return names.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[name] : undefined,
    value,
  );
}

export function readTemplate(): Template {
  return JSON.parse(readFileSync(path.join(SNAPSHOTS, 'main.json'), 'utf8')) as Template;
}

/** Returns the modules of the template by their names. */
export function modulesOf(template: Template): Readonly<Record<string, TemplateResource>> {
  return Object.fromEntries(
    Object.entries(template.resources).filter(([, { type }]) => type === 'Microsoft.Resources/deployments'),
  );
}

/** Returns the template itself and those of its modules, each with its name. */
export function templates(): readonly (readonly [name: string, template: Template])[] {
  const main = readTemplate();
  return [
    ['main', main],
    ...Object.entries(modulesOf(main)).map(
      ([name, { properties }]) => [name, properties?.template ?? { resources: {} }] as const,
    ),
  ];
}

/** Returns the Bicep sources by their paths below `infra/`. */
export function readSources(): ReadonlyMap<string, string> {
  const names = readdirSync(INFRA, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.bicep'));
  return new Map(
    names.sort().map((name) => [name.split(path.sep).join('/'), readFileSync(path.join(INFRA, name), 'utf8')]),
  );
}
