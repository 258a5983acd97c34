import { expect, test } from '@jest/globals';
import { readJsonBody } from '../../src/runtime/json-body';

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const read = (headers: Record<string, string>, text: string, limit = 10) =>
  readJsonBody(
    { headers, body: async (most) => (text.length > most ? 'tooLarge' : new Uint8Array(Buffer.from(text))) },
    limit,
  );

test.each<[string, Record<string, string>, string, number, string]>([
  ['no body and no length', JSON_TYPE, '', 411, 'LengthRequired'],
  ['a chunked body that was dropped', { ...JSON_TYPE, 'transfer-encoding': 'chunked' }, '', 411, 'LengthRequired'],
  ['no type, and no length', {}, '', 415, 'ContentTypeRefused'],
  ['more than the limit, by its own account', { ...JSON_TYPE, 'content-length': '11' }, '', 413, 'BodyTooLarge'],
  ['more than the limit, without a length', JSON_TYPE, 'x'.repeat(11), 413, 'BodyTooLarge'],
])('%s is refused', async (_, headers, text, status, code) => {
  expect(await read(headers, text)).toMatchObject({ ok: false, status, code });
});

test.each<[string, Record<string, string>, string]>([
  ['a body', { ...JSON_TYPE, 'content-length': '2' }, '{}'],
  ['a chunked body that did arrive, as under another host', { ...JSON_TYPE, 'transfer-encoding': 'chunked' }, '{}'],
  ['a body of length zero, which the parser refuses', { ...JSON_TYPE, 'content-length': '0' }, ''],
])('%s is read', async (_, headers, text) => {
  expect(await read(headers, text)).toEqual({ ok: true, bytes: new Uint8Array(Buffer.from(text)) });
});

test('a body that breaks off is refused', async () => {
  const body = (): Promise<never> => Promise.reject(new Error('aborted'));
  expect(await readJsonBody({ headers: JSON_TYPE, body }, 10)).toMatchObject({ status: 400, code: 'BodyUnreadable' });
});
