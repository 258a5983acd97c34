import { filesBelow } from '../support/sources';
import { codeBelow, keysIn, stringsIn, textOf } from './production';

/* Looks through the sources for what looks like a value of another service. */

/** Shapes that values of other services have, and values of our own do not. */
const SHAPES: readonly RegExp[] = [
  // Ids.
  /\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/gi,
  // Addresses, audiences and names with an authority.
  /\b(?:https?|api):\/\/[\w[][\w.:/@%-]*/g,
  /\burn:[\w:-]+/g,
  // Hosts and zones.
  /(?<![\w.@/-])(?:[a-z0-9-]+\.)+(?:com|net|us|cn|org|ms)\b(?!\.\w)/g,
  // Headers, API versions, errors of the directory.
  /\bx-ms-[a-z-]*[a-z]/g,
  /(?<![\w@-])20\d\d-\d\d-\d\d(?![\w-])/g,
  /\bAADSTS\d+/g,
  // Content types, and names of invokes.
  /\bapplication\/vnd[\w.]*/g,
  /^[a-zA-Z]+\/[a-zA-Z]+$/g,
  // Settings of platforms.
  /\b(?:WEBSITE|AZURE|APPLICATIONINSIGHTS|FUNCTIONS|IDENTITY|MSI)_[A-Z_]+\b/g,
  /\bMicrosoft(?:\.\w+)+(?:\/\w+)*(?:@[\w-]+)?/g,
];

/** What was found, and where. */
export interface Finding {
  readonly file: string;
  readonly text: string;
}

/** Returns the parts of a text that have one of the shapes. */
export function suspicious(text: string): string[] {
  return SHAPES.flatMap((shape) => text.match(shape) ?? []);
}

/** Returns everything in the sources that has one of the shapes: in strings of code, and in files of other kinds outside comments. */
export function scan(): Finding[] {
  const code = codeBelow('src', 'functions', 'create/src', 'create/templates')
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) =>
      [...stringsIn(file), ...keysIn(file, /^[A-Z]+_/)].flatMap((text) =>
        suspicious(text).map((each) => ({ file, text: each })),
      ),
    );
  const others = [...filesBelow('infra'), ...filesBelow('.github/workflows'), 'host.json', 'azure.yaml']
    .filter((file) => /\.(?:bicep|bicepparam|json|yml|yaml)$/.test(file))
    .flatMap((file) => suspicious(withoutComments(file)).map((text) => ({ file, text })));
  const seen = new Set<string>();
  return [...code, ...others].filter(({ file, text }) => {
    const place = `${file} ${text}`;
    return seen.has(place) ? false : seen.add(place);
  });
}

/** The text of a file that is no code, less its comments and descriptions. */
function withoutComments(file: string): string {
  const text = textOf(file);
  if (file.endsWith('.json')) return text;
  return file.includes('.bicep')
    ? text.replace(/^\s*\/\/.*$|^@description\(.*\)$/gm, '')
    : text.replace(/^\s*#.*$/gm, '');
}
