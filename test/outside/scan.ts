import { filesBelow, readSource, type Source } from '../support/sources';
import { codeBelow, namesOf, textOf } from './production';

/* Looks through the sources for what looks like a value of another service. */

/** Shapes that values of other services have, and values of our own do not. */
const SHAPES: readonly RegExp[] = [
  // Ids.
  /\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/gi,
  // Addresses, audiences and names with an authority.
  /\b[a-z][a-z\d+.-]*:\/\/[\w[][\w.:/@%-]*/gi,
  /\burn:[\w:-]+/g,
  // Hosts and zones: of these domains anywhere, of any other where the whole text is one.
  /(?<![\w.@/-])\.?(?:[a-z\d-]+\.)+(?:com|net|us|cn|org|ms|io|dev|cloud|eu|de|fr)\b(?!\.\w)/gi,
  /^\.?(?:[a-z\d-]+\.)+[a-z]{2,}$/g,
  // Headers, API versions, errors of the directory.
  /\bx-[a-z][a-z\d-]*[a-z\d]/gi,
  /(?<![\w@-])20\d\d-\d\d-\d\d(?:-[a-z]+[.\d]*)?(?![\w-])/g,
  /\bAADSTS\d+/g,
  // Content types, and names of invokes.
  /\bapplication\/vnd[\w.]*/g,
  /^[a-z][a-z\d]*(?:\/[a-z][a-z\d]*)+$/gi,
  // Settings of platforms.
  /\b(?:WEBSITES?|AZURE|APPLICATIONINSIGHTS|APPINSIGHTS|FUNCTIONS|IDENTITY|MSI|SCM|CONTAINER_APP|LEGION)_[A-Z\d_]+\b/g,
  /\bMicrosoft(?:\.\w+)+(?:\/\w+)*(?:@[\w-]+)?/g,
];

/** Folders with files that are no code. */
const FOLDERS = ['infra', '.github/workflows', 'create/templates'];

/** What was found, and where. */
export interface Finding {
  readonly file: string;
  readonly text: string;
}

/** Returns the parts of a text that have one of the shapes. */
export function suspicious(text: string): string[] {
  return SHAPES.flatMap((shape) => text.match(shape) ?? []);
}

/** Returns what has one of the shapes in a source of code: in strings, names of properties and regular expressions. */
export function suspiciousIn(source: Source): string[] {
  return namesOf(source).flatMap(suspicious);
}

/** Returns everything that has one of the shapes: in code, and in files of other kinds outside comments. */
export function scan(): Finding[] {
  const code = codeBelow('src', 'functions', 'create/src', 'create/templates')
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) => suspiciousIn(readSource(file)).map((text) => ({ file, text })));
  const others = [...FOLDERS.flatMap(filesBelow), 'host.json', 'azure.yaml']
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
