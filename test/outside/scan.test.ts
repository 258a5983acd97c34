import { describe, expect, test } from '@jest/globals';
import { parseSource } from '../support/sources';
import { LISTS } from './lists';
import { OUR_SHAPES, OURS } from './ours';
import { scan, suspicious, suspiciousIn } from './scan';
import { spellings } from './spellings';

const listed = new Set(
  Object.values(LISTS)
    .flat()
    .flatMap(({ value }) => [String(value), ...suspicious(String(value))]),
);
const ours = new Map(Object.entries(OURS));
const unlisted = scan().filter(({ text }) => !listed.has(text));

test('finds nothing in the sources that looks like a value of another service and is in no list', () => {
  const unknown = unlisted.filter(({ text }) => !ours.has(text) && !OUR_SHAPES.some(([shape]) => shape.test(text)));
  expect(unknown.map(({ file, text }) => `${file}: ${text}`)).toEqual([]);
});

test('calls nothing ours that is listed, or that is not there any more', () => {
  const found = new Set(unlisted.map(({ text }) => text));
  expect([...ours.keys()].filter((text) => !found.has(text))).toEqual([]);
  const idle = OUR_SHAPES.filter(([shape]) => ![...found].some((text) => shape.test(text)));
  expect(idle.map(([shape]) => shape.source)).toEqual([]);
});

/** Lines of code, each with what the scanner has to find in it, and would report. */
const PLANTED: readonly (readonly [code: string, found: string])[] = [
  // Ids.
  ["const role = '974c5e8b-45b9-4653-ba55-5f855dd0fe88';", '974c5e8b-45b9-4653-ba55-5f855dd0fe88'],
  // Addresses, in strings, templates and expressions.
  ["const url = 'https://login.botframework.example/v2';", 'https://login.botframework.example/v2'],
  ["const url = 'wss://directline.botframework.com/v4';", 'wss://directline.botframework.com/v4'],
  ["const audience = 'api://AzureADTokenExchangeFrance';", 'api://AzureADTokenExchangeFrance'],
  [`const url = \`https://login.microsoftonline.de/\${tenant}\`;`, 'https://login.microsoftonline.de/'],
  ['const url = /^https:\\/\\/login\\.botframework\\.fr\\//;', 'https://login.botframework.fr/'],
  // Hosts and zones.
  ["const host = 'smba.trafficmanager.example';", 'smba.trafficmanager.example'],
  ["const host = 'token.botframework.ai';", 'token.botframework.ai'],
  ["const zone = '.blob.core.windows.net';", '.blob.core.windows.net'],
  [`const address = \`\${account}.table.core.windows.net\`;`, '.table.core.windows.net'],
  ["const text = 'see login.microsoftonline.de for more';", 'login.microsoftonline.de'],
  ['const zone = /\\.documents\\.azure\\.de$/i;', '.documents.azure.de'],
  ['const zone = /[.]documents[.]azure[.]de$/;', '.documents.azure.de'],
  ['const host = /^(?:directline|webchat)\\.botframework\\.dev$/;', 'webchat.botframework.dev'],
  [
    "const host = new RegExp('^europe\\\\.directline\\\\.botframework\\\\.com$');",
    'europe.directline.botframework.com',
  ],
  // Headers.
  ["const header = 'x-ms-new-header';", 'x-ms-new-header'],
  ["const header = 'X-MS-TOKEN-AAD-ID-TOKEN';", 'X-MS-TOKEN-AAD-ID-TOKEN'],
  ["const header = 'x-functions-clientid';", 'x-functions-clientid'],
  ["const headers = { 'X-ZUMO-AUTH': token };", 'X-ZUMO-AUTH'],
  ['const header = /^x-ms-(?:edge|route)-id$/;', 'x-ms-route-id'],
  // Versions of APIs.
  ["const version = '2026-04-06';", '2026-04-06'],
  ["const version = '2027-01-01-preview';", '2027-01-01-preview'],
  ["const query = 'api-version=2027-01-01-preview.2';", '2027-01-01-preview.2'],
  // Errors, content types, invokes, resource types.
  ["const error = 'AADSTS70000';", 'AADSTS70000'],
  ['const error = /\\bAADSTS70000\\b/;', 'AADSTS70000'],
  ["const type = 'application/vnd.microsoft.card.new';", 'application/vnd.microsoft.card.new'],
  ["const name = 'task/fetch2';", 'task/fetch2'],
  ["const name = 'composeExtension/anonymous/query';", 'composeExtension/anonymous/query'],
  ['const name = /^(?:tab|task)\\/fetch2$/;', 'tab/fetch2'],
  ["const type = 'Microsoft.Web/sites@2099-01-01';", 'Microsoft.Web/sites@2099-01-01'],
  // Settings of platforms, in whatever way they are read.
  ["const setting = 'WEBSITE_SLOT_NAME';", 'WEBSITE_SLOT_NAME'],
  ['const setting = process.env.WEBSITE_SLOT_NAME;', 'WEBSITE_SLOT_NAME'],
  ["const setting = process.env['WEBSITE_SLOT_NAME'];", 'WEBSITE_SLOT_NAME'],
  ['const { WEBSITE_SLOT_NAME } = process.env;', 'WEBSITE_SLOT_NAME'],
  ["const { WEBSITE_SLOT_NAME: slot = '' } = process.env;", 'WEBSITE_SLOT_NAME'],
  ['const child = { env: { FUNCTIONS_V2_MODE: value } };', 'FUNCTIONS_V2_MODE'],
  ['process.env.SCM_DO_BUILD ??= value;', 'SCM_DO_BUILD'],
  ['const setting = /^(?:WEBSITE_SLOT|WEBSITE_HOME)_NAME$/;', 'WEBSITE_HOME_NAME'],
];

describe('the scanner', () => {
  test.each(PLANTED)('finds in %s: %s', (code, found) => {
    expect(suspiciousIn(parseSource('planted.ts', code))).toContain(found);
    expect(listed.has(found) || ours.has(found) || OUR_SHAPES.some(([shape]) => shape.test(found))).toBe(false);
  });

  test('reads no comments and no modules that are imported', () => {
    const code = "// https://login.example.com\nimport { a } from 'some.module.com';\n/* x-ms-date */ a();";
    expect(suspiciousIn(parseSource('planted.ts', code))).toEqual([]);
  });

  test.each([
    ['^x-(?:a|b)?-c$', ['x-a-c', 'x-b-c', 'x--c']],
    ['a\\.b[.]c+', ['a.b.c']],
    ['(?<name>one|two)\\/\\d{1,3}', ['one/□', 'two/□']],
    ['[\\]()]x(?=y)', ['□xy']],
    ['(?:(?:a|b)c)*|\\bd\\b', ['ac', 'bc', '', 'd']],
    ['\\p{L}\\u{41}\\x42\\u0043$', ['□ABC']],
  ])('spells %s', (pattern, texts) => {
    expect(spellings(pattern)).toEqual(texts);
  });
});
