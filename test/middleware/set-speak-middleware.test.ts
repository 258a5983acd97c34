import { describe, expect, test } from '@jest/globals';
import * as published from 'botbuilder';
import fc from 'fast-check';
import { TurnAdapter } from '../../src/bot/turn-adapter';
import { SetSpeakMiddleware } from '../../src/middleware/set-speak-middleware';
import type { Activity } from '../../src/schema/activity';
import { MemoryTurn } from '../support/memory-turn';
import { runBot } from '../support/run-bot';

async function spoken(
  message: Partial<Activity>,
  { voice = 'de-DE-Voice', fallback = false, channelId = 'directlinespeech' as string } = {} as {
    voice?: string | null;
    fallback?: boolean;
    channelId?: string;
  },
): Promise<string | undefined> {
  const turn = new MemoryTurn();
  const adapter = new TurnAdapter().use(new SetSpeakMiddleware(voice, fallback));
  await runBot((context) => context.sendActivity(message), { channelId }, turn, adapter);
  return turn.sent[0]?.speak;
}

const SPEAK = "<speak version='1.0' xmlns='http://www.w3.org/2001/10/synthesis' xml:lang='en-US'>";
const VOICE = "<voice name='de-DE-Voice'>";
const message = (speak: string): Partial<Activity> => ({ type: 'message', speak });

describe('what is spoken', () => {
  test('gets a voice and a frame', async () => {
    expect(await spoken(message('hi'))).toBe(`${SPEAK}${VOICE}hi</voice></speak>`);
  });

  test('keeps the voice that it has', async () => {
    expect(await spoken(message('<voice name="x">hi</voice>'))).toBe(`${SPEAK}<voice name="x">hi</voice></speak>`);
  });

  test('stays as it is when it is framed already', async () => {
    expect(await spoken(message('<speak>hi</speak>'))).toBe('<speak>hi</speak>');
  });

  test('is in the language of the message', async () => {
    expect(await spoken({ ...message('hi'), locale: 'de-DE' })).toContain("xml:lang='de-DE'");
  });

  test('is the text where nothing else is, if asked for', async () => {
    const text = { type: 'message', text: 'text' };
    expect(await spoken(text)).toBeUndefined();
    expect(await spoken(text, { fallback: true })).toBe(`${SPEAK}${VOICE}text</voice></speak>`);
    expect(await spoken(text, { fallback: true, channelId: 'msteams' })).toBe('text');
  });

  test('stays as it is without a voice, on silent channels, and in what is no message', async () => {
    expect(await spoken(message('hi'), { voice: null })).toBe('hi');
    expect(await spoken(message('hi'), { channelId: 'msteams' })).toBe('hi');
    expect(await spoken({ type: 'event', speak: 'hi' })).toBe('hi');
  });

  test.each(['telephony', 'emulator', ' DirectLineSpeech '])('on %s it has a voice', async (channelId) => {
    expect(await spoken(message('hi'), { channelId })).toContain('<voice');
  });
});

test('tags are found where the Bot Framework SDK finds them', async () => {
  const parts = [
    '<speak>',
    '</speak>',
    '<SPEAK x="1">',
    '<voice name="v">',
    '</voice>',
    '<!--',
    '-->',
    'text',
    '<br/>',
    '<speaker>',
  ];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 5 }), async (chosen) => {
      const speak = chosen.join('');
      const adapter = new published.TestAdapter(
        async (context) => {
          await context.sendActivity({ type: 'message', speak });
        },
        { channelId: 'emulator' },
      );
      adapter.use(new published.SetSpeakMiddleware('de-DE-Voice', false));
      await adapter.receiveActivity('hi');
      expect(await spoken(message(speak))).toBe(adapter.activeQueue[0]?.speak);
    }),
    { numRuns: 300 },
  );
});
