import { describe, expect, test } from '@jest/globals';
import { MAX_WAIT_MS } from '../../src/azure/inbound-keys';
import { LOAD_LIMIT_MS, MAX_KEYS, MAX_KEYS_BYTES } from '../../src/azure/inbound-metadata';
import { readSettings } from '../../src/local/settings';
import { DEFAULT_OPTIONS } from '../../src/runtime/options';
import { MAX_BODY_BYTES } from '../../src/schema/parse-activity';
import { declared, textOf } from '../outside/production';

/* The limits that docs/security.md states, held to the code. */

const page = textOf('docs/security.md');
const rows = new Map(
  (page.split('## Limits\n')[1] ?? '')
    .split('\n## ')[0]
    ?.split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, what = '', limit = '']) => [what, limit] as const),
);

const number = (file: string, name: string): number => Number(declared(`src/${file}.ts`, name));
const KB = 1_024;
const MB = KB * KB;
const seconds = (ms: number): string => `${ms / 1_000} s`;
const count = (value: number): string => value.toLocaleString('en-US');

function inMemory(file: string, entries: string, bytes: string, unit = MB): readonly string[] {
  const text = unit === MB ? 'MB' : 'KB';
  return [count(number(file, entries)), `${number(file, bytes) / unit} ${text}`];
}

const stepMs = number('azure/service-request', 'STEP_LIMIT_MS');
const LIMITS: Readonly<Record<string, readonly string[]>> = {
  'Body of a request, read by the host or the local runner': [`${count(readSettings({}, '/').bodyLimit)} bytes`],
  'All bodies that are held at a time (local runner)': [`${number('local/request-body', 'MAX_HELD_BYTES') / MB} MB`],
  'Body of an activity': [`${MAX_BODY_BYTES / MB} MB`],
  'Handler of an activity': [
    `${DEFAULT_OPTIONS.turnTimeoutMs / 60_000} minutes`,
    seconds(DEFAULT_OPTIONS.inlineDeadlineMs),
  ],
  'Fetches of keys': [seconds(LOAD_LIMIT_MS), `${MAX_KEYS_BYTES / MB} MB`, `${count(MAX_KEYS)} keys`],
  'Deliveries to a channel': [
    seconds(number('azure/bot-connector', 'DELIVERY_LIMIT_MS')),
    `${number('azure/bot-connector', 'MAX_ANSWER_BYTES') / KB} KB`,
  ],
  "Other calls of a channel's service: members, sign-in, a file": [
    `${seconds(stepMs)} for the token and ${seconds(stepMs)} for the answer, both once more after a 401, so ${seconds(4 * stepMs)}`,
    `${number('azure/service-request', 'MAX_ANSWER_BYTES') / MB} MB`,
  ],
  'Verified tokens in memory': inMemory('azure/inbound-verified', 'MAX_TOKENS', 'MAX_TOKEN_BYTES'),
  'Hosts that failed, in memory': inMemory('azure/host-circuit', 'MAX_HOSTS', 'MAX_HOST_BYTES', KB),
  'References in memory': inMemory('runtime/reference-keeper', 'MAX_KNOWN', 'MAX_KNOWN_BYTES'),
  'Conversations in memory (Cosmos DB)': inMemory('azure/cosmos-awake', 'MAX_AWAKE', 'MAX_AWAKE_BYTES'),
  'A stored reference': [
    'its named fields only',
    `words of ${number('schema/reference-fields', 'MAX_WORD')} characters`,
    `names of ${number('schema/reference-fields', 'MAX_NAME')}`,
  ],
  'Answers of Cosmos DB': [`${number('azure/cosmos-rest', 'MAX_ANSWER_BYTES') / MB} MB`],
  'Answers of the queue': [`${number('azure/queue-requests', 'MAX_ANSWER_BYTES') / KB} KB`],
};

describe('the limits', () => {
  test.each(Object.entries(LIMITS))('%s', (what, limits) => {
    const stated = rows.get(what)?.split(/[;,] /) ?? [];
    for (const limit of limits) expect(stated.join(', ')).toMatch(new RegExp(`(?:^|, )${limit.replace('.', '\\.')}`));
  });

  test('of other places on the page are the same', () => {
    expect(page).toContain(
      `${seconds(LOAD_LIMIT_MS)}, of which a caller waits ${seconds(MAX_WAIT_MS)}; ${MAX_KEYS_BYTES / MB} MB`,
    );
    expect(page).toContain(`set it to ${count(readSettings({}, '/').bodyLimit)},`);
    expect(page).toContain(`(\`referenceTtlMs\`, ${DEFAULT_OPTIONS.referenceTtlMs / (24 * 3_600_000)} days)`);
  });

  test('are stated in one place: the table of who reaches what has none', () => {
    const [, table = ''] = page.split('## Who can reach what\n');
    expect(table.split('\n## ')[0]).not.toMatch(/\d+ (?:s|KB|MB)\b/);
  });
});

test('the page does not say that a body is refused unread: the host reads it first', () => {
  expect(page).not.toMatch(/before the body is read/);
});
