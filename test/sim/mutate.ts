import { readFileSync } from 'node:fs';
import Module from 'node:module';
import path from 'node:path';
import { transformSync } from '@swc/core';
import type { Mutant } from './mutants';

type Loader = (module: { _compile(code: string, filename: string): void }, filename: string) => void;

/**
 * Makes the next `require` of the mutant's file load its changed source. `compiled` is the folder that mirrors the repository.
 * @throws Error when the change does not apply exactly once: the production code has moved on, and the mutant must follow.
 */
export function install(mutant: Mutant, root: string, compiled: string): void {
  const source = readFileSync(path.join(root, mutant.file), 'utf8');
  if (source.split(mutant.find).length !== 2) {
    throw new Error(`The mutant "${mutant.name}" does not apply to ${mutant.file}; bring it up to date.`);
  }
  const { code } = transformSync(
    source.replace(mutant.find, () => mutant.replace),
    {
      filename: mutant.file,
      jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
      module: { type: 'commonjs' },
    },
  );
  const target = path.join(compiled, mutant.file).replace(/\.ts$/, '.js');
  if (require.cache[target] !== undefined) throw new Error(`${mutant.file} is loaded already, as it is.`);
  const extensions = (Module as unknown as { _extensions: Record<string, Loader> })._extensions;
  const load = extensions['.js'];
  extensions['.js'] = (module, filename) => {
    if (filename === target) module._compile(code, filename);
    else load?.(module, filename);
  };
}
