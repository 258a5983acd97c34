/** What a part of the code may import. */
export interface Layer {
  /** Its files: a folder, or single files. */
  readonly files: RegExp;
  /** Other parts that it may import, and those of which it may import types only. */
  readonly parts: readonly string[];
  readonly types?: readonly string[];
  /** Packages and Node modules; a pattern matches the whole specifier. */
  readonly packages?: RegExp;
}

/**
 * Who may import whom. `docs/architecture.md` has the same as a table, and `docs/decisions/layers.md` says where it differs from a first
 * guess. A part may always import itself.
 */
export const LAYERS: Readonly<Record<string, Layer>> = {
  schema: { files: /^src\/schema\//, parts: [] },
  turn: { files: /^src\/turn\//, parts: [], types: ['schema'] },
  bot: { files: /^src\/bot\//, parts: ['schema'] },
  // Only types of the port: what a bot calls is found in its context, not imported.
  teams: { files: /^src\/teams\//, parts: ['bot', 'schema'], types: ['ports'] },
  middleware: { files: /^src\/middleware\//, parts: ['bot', 'schema'], packages: /^(node:|@opentelemetry\/api$)/ },
  ports: { files: /^src\/ports\//, parts: [], types: ['schema', 'turn'] },
  runtime: {
    files: /^src\/runtime\//,
    parts: ['ports', 'turn', 'bot', 'schema'],
    packages: /^node:(async_hooks|crypto)$/,
  },
  store: { files: /^src\/store\//, parts: ['ports', 'turn', 'schema'] },
  memory: { files: /^src\/memory\//, parts: ['store', 'ports', 'turn', 'schema'] },
  sqlite: { files: /^src\/sqlite\//, parts: ['store', 'ports', 'turn', 'schema'], packages: /^node:/ },
  azure: {
    files: /^src\/azure\//,
    parts: ['store', 'ports', 'turn', 'schema'],
    packages: /^(node:|@azure\/|@opentelemetry\/|jose(\/|$))/,
  },
  // The API of OpenTelemetry and no SDK: what a process registers is its own business.
  telemetry: {
    files: /^src\/telemetry\//,
    parts: ['ports'],
    packages: /^(@opentelemetry\/api(-logs)?|node:fs|node:path)$/,
  },
  settings: {
    files: /^src\/settings(-azure|-callers|-list|-store|-telemetry|-values)?\.ts$/,
    parts: ['schema'],
    packages: /^zod$/,
  },
  composition: {
    files: /^src\/(app|app-failure|app-health|app-host|app-telemetry|bot-app|configured|diagnosis)\.ts$/,
    parts: ['settings', 'azure', 'sqlite', 'memory', 'telemetry', 'runtime', 'bot', 'ports', 'turn', 'schema'],
    packages: /^(node:path|@azure\/functions)$/,
  },
  cli: {
    files: /^src\/cli\//,
    parts: ['composition', 'settings', 'telemetry', 'runtime', 'ports', 'turn', 'schema', 'local', 'package'],
    packages: /^(node:|commander$|zod$)/,
  },
  // What is deployed is made of the files that the runner would load.
  package: { files: /^src\/package\//, parts: ['local', 'schema'], packages: /^(node:|esbuild$|fflate$)/ },
  // The runner loads the compiled app as the Functions worker does, and knows nothing of it but the names of its settings.
  local: { files: /^src\/local\//, parts: ['settings'], packages: /^(node:|zod$|@azure\/)/ },
  api: {
    files: /^src\/index\.ts$/,
    parts: ['composition', 'runtime', 'memory', 'sqlite', 'middleware', 'teams', 'bot', 'ports', 'turn', 'schema'],
  },
  // What authors test their bots with is the real pipeline, on the store in memory; production code knows nothing of it.
  testing: {
    files: /^src\/testing\//,
    parts: ['runtime', 'memory', 'bot', 'ports', 'turn', 'schema'],
    packages: /^node:/,
  },
  // The one place that knows the Bot Framework SDK: whoever imports it has that installed, and nobody else needs it.
  botbuilder: {
    files: /^src\/botbuilder\//,
    parts: ['bot', 'schema'],
    packages: /^(node:async_hooks|botbuilder-core)$/,
  },
  functions: { files: /^functions\//, parts: ['api'], packages: /^@azure\/functions$/ },
};
