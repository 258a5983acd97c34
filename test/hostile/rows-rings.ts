import type { Group, RingRow } from './rows';

const base64 = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');

const ring = (what: string, value: unknown, ends: RingRow['ends'] = 'ignored'): RingRow => ({
  what,
  message: () => base64(value),
  ends,
});

const text = (what: string, message: RingRow['message'], ends: RingRow['ends'] = 'ignored'): RingRow => ({
  what,
  message,
  ends,
});

/** Whoever can write to the queue can ring. None of this begins a conversation, changes one, or has anything sent. */
export const RING_GROUPS: readonly Group<RingRow>[] = [
  {
    name: 'queue messages that are not ours',
    rows: [
      text('no base64', () => '{"conversation":"test/good"}', 'set aside'),
      text(
        'base64 of bytes that are no text',
        () => Buffer.from([0xff, 0xfe, 0x00, 0x80]).toString('base64'),
        'set aside',
      ),
      ring('JSON of 20,000 levels', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'set aside'),
      ring('text that is no JSON', 'hello'),
      ring('nothing', ' '),
      ring('null', null),
      ring('a number', 123),
      ring('a list', [{ conversation: 'test/good' }]),
      ring('an empty object', {}),
      ring('a conversation that is a number', { conversation: 7 }),
      ring('a conversation that is an object', { conversation: { toString: 'test/good' } }),
      ring('a conversation that is a list', { conversation: ['test/good'] }),
      ring('an empty conversation', { conversation: '' }),
      ring('a conversation without a channel', { conversation: '/good' }),
      ring('a channel without a conversation', { conversation: 'test/' }),
      ring('a conversation in three parts', { conversation: 'test/good/x' }),
      ring('a path', { conversation: '../../good' }),
      ring('a conversation that is not well encoded', { conversation: 'test/%' }),
      ring('another spelling of a conversation', { conversation: 'test/%67ood' }),
      ring('another case of a channel', { conversation: 'TEST/good' }),
      ring('a conversation of 60,000 characters', { conversation: `test/${'x'.repeat(45_000)}` }),
      ring('a conversation that was inherited', '{"__proto__":{"conversation":"test/good"}}'),
      ring('a conversation that never was', { conversation: 'test/never' }),
      ring('a conversation that never was, with an address', {
        conversation: 'test/never',
        serviceUrl: 'https://evil.example/',
      }),
      ring('a conversation with nothing to do', { conversation: 'test/good' }),
      ring('a conversation with nothing to do, and an activity', {
        conversation: 'test/good',
        activity: { type: 'message', text: 'planted', serviceUrl: 'https://evil.example/' },
      }),
      text('a whole activity', (bench) => base64(bench.activity())),
      ring("somebody else's message", { MessageText: 'PHNjcmlwdD4=', Id: '00000000-0000-0000-0000-000000000000' }),
    ],
  },
];
