import type { Behaviour } from '../support/fake-connector';
import type { ConnectorRow, Group } from './rows';

const json = (status: number, headers: Readonly<Record<string, string>> = {}, body: unknown = {}): Behaviour => ({
  kind: 'answer',
  status,
  headers,
  body,
});

/** Answered like this once: what is safe to send again is sent again. */
const again = (what: string, answer: Behaviour): ConnectorRow => ({
  what,
  answers: () => [answer],
  calls: 2,
  ends: 'delivered',
});

/** Taken as it is. */
const taken = (what: string, answer: Behaviour): ConnectorRow => ({
  what,
  answers: () => [answer],
  calls: 1,
  ends: 'delivered',
});

/** Refused for good: never sent again. */
const refused = (what: string, status: number, answer: (elsewhere: string) => Behaviour): ConnectorRow => ({
  what,
  answers: (elsewhere) => [answer(elsewhere)],
  calls: 1,
  ends: `Rejected${status}`,
});

const redirect = (status: number): ConnectorRow =>
  refused(`a redirect (${status})`, status, (location) => ({ kind: 'redirect', location, status }));

export const CONNECTOR_GROUPS: readonly Group<ConnectorRow>[] = [
  {
    name: 'answers of a channel',
    rows: [
      again('a page of HTML with 200', { kind: 'html' }),
      again('a body cut short', { kind: 'cut' }),
      again('a connection reset', { kind: 'reset' }),
      again('a body that never ends', { kind: 'hangInBody' }),
      again('no answer at all', { kind: 'hang' }),
      again('an answer of 1 MB', { kind: 'huge', bytes: 1_000_000 }),
      again('JSON that ends too early', json(200, {}, '{"id":"x"')),
      again('429 with a Retry-After of the past', json(429, { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' })),
      again('429 with a negative Retry-After', json(429, { 'retry-after': '-1' })),
      again('429 with a Retry-After that is none', json(429, { 'retry-after': 'soon' })),
      again('429 with an endless Retry-After that is no number', json(429, { 'retry-after': '9'.repeat(400) })),
      again('429 with a Retry-After of a fraction', json(429, { 'retry-after': '0.5' })),
      again('429 without a Retry-After', json(429)),
      again('412', json(412)),
      again('401', json(401)),
      again('408', json(408)),
      again('500 with a page of HTML', { kind: 'html', status: 500 }),
      again('503', json(503)),
      redirect(301),
      redirect(302),
      redirect(307),
      redirect(308),
      refused('400', 400, () => json(400)),
      refused('403 with a page of HTML', 403, () => ({ kind: 'html', status: 403 })),
      refused('404', 404, () => json(404)),
      refused('413', 413, () => json(413)),
      refused('an error whose code is a text of ours', 400, () =>
        json(400, {}, { error: { code: 'hello <script>', message: 'hello' } }),
      ),
      taken('an empty body with 200', json(200, {}, '')),
      taken('an id that is a number', json(200, {}, { id: 7 })),
      taken('an id that is a path', json(200, {}, { id: '../../v3/conversations' })),
      taken('an id of 100,000 characters', json(200, {}, { id: 'x'.repeat(100_000) })),
      taken('a property __proto__', json(200, {}, '{"__proto__":{"id":"x"}}')),
      taken('a list', json(200, {}, [{ id: 'x' }])),
    ],
  },
];
