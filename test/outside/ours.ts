/** Literals that look like values of another service and are ours, each with the reason. */
export const OURS: Readonly<Record<string, string>> = {
  'https://turnwise.invalid/': 'an address that leads nowhere, for turns that have no channel',
  'dist/package': 'the folder of the package',
  '.turnwise-package.json': 'the mark of a folder that has a package',
  'dist/shared': 'a folder of the package that makes bots',
  'jose/jws/compact/verify': 'a module of a package; it has to load',
  'jose/key/import': 'a module of a package; it has to load',
  'exception.details': 'an event of our spans',
  'dependency.type': 'an attribute of our spans',
  'x-ms': 'what stands before anything at all and "forwarded" in a header; the whole headers are listed',
  '7b3e4d52-0f0b-4c63-9d0e-2f6f0d8a1c01': 'the id of a parameter of the workbook, made up for it',
  '7b3e4d52-0f0b-4c63-9d0e-2f6f0d8a1c02': 'the id of a parameter of the workbook, made up for it',
};

/** Shapes of literals that are ours, each with the reason. */
export const OUR_SHAPES: readonly (readonly [shape: RegExp, reason: string])[] = [
  [/^turnwise(?:\.[a-z]+)+$/, 'names of our measurements, attributes and files'],
  [/^(?:attempts|backlog|rings|store|sweeps)\.[a-z]+$/, 'names of our measurements, which get their beginning later'],
  [/^(?:conversation|from|recipient)\.id$/, 'places in an activity; each name in them is listed by itself'],
  [/^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1)(?::|$)/, 'addresses of this machine'],
  [/^[a-z]+(?:\.[a-z]+)*\.(?:cjs|db|js|json|lock|log|mjs|ts|txt|yaml)$/, 'names of files'],
];
