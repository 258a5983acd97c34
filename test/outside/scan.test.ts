import { expect, test } from '@jest/globals';
import { LISTS } from './lists';
import { OURS } from './ours';
import { scan, suspicious } from './scan';

const listed = new Set(
  Object.values(LISTS)
    .flat()
    .flatMap(({ value }) => [String(value), ...suspicious(String(value))]),
);
const ours = new Map(Object.entries(OURS));

test('finds nothing in the sources that looks like a value of another service and is in no list', () => {
  const unlisted = scan().filter(({ text }) => !listed.has(text) && !ours.has(text));
  expect(unlisted.map(({ file, text }) => `${file}: ${text}`)).toEqual([]);
});

test('calls nothing ours that is listed, or that is not there any more', () => {
  const found = new Set(scan().map(({ text }) => text));
  expect([...ours.keys()].filter((text) => listed.has(text) || !found.has(text))).toEqual([]);
});

test.each([
  ["role: '974c5e8b-45b9-4653-ba55-5f855dd0fe88'", '974c5e8b-45b9-4653-ba55-5f855dd0fe88'],
  ['https://login.botframework.com/v1', 'https://login.botframework.com/v1'],
  ['smba.trafficmanager.net', 'smba.trafficmanager.net'],
  ['x-ms-new-header', 'x-ms-new-header'],
  ['2026-04-06', '2026-04-06'],
  ['application/vnd.microsoft.card.hero', 'application/vnd.microsoft.card.hero'],
  ['task/fetch', 'task/fetch'],
  ['Microsoft.Web/sites@2024-04-01', 'Microsoft.Web/sites@2024-04-01'],
])('looks at %s', (text, value) => {
  expect(suspicious(text)).toContain(value);
});
