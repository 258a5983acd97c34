import { describe, expect, test } from '@jest/globals';
import * as theirs from 'botbuilder';
import { TurnAdapter } from '../../src/bot/turn-adapter';
import * as ours from '../../src/index';
import { incoming, runBot } from '../support/run-bot';

/* Both libraries are given the same, and have to make the same of it. */

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('ActivityFactory', () => {
  const action = { lgType: 'CardAction', TITLE: 't', type: 'openUrl', value: 'v' };
  const cases: Readonly<Record<string, unknown>> = {
    nothing: undefined,
    null: null,
    'a text': '  hello ',
    'an empty text': ' ',
    'a number': 5,
    'an object of no kind': { a: 1 },
    'a list': [1, 2],
    'an activity': { lgType: 'Activity', Text: 't', SPEAK: 's', inputhint: 'expectingInput', other: 1 },
    'an activity with objects as texts': { lgType: 'Activity', text: { a: 1 }, speak: 7 },
    'an activity of a type': { lgType: 'Activity', type: 'event', name: 'n', value: { a: 1 } },
    'suggested actions': { lgType: 'Activity', suggestedactions: ['yes', action, { lgType: 'other', title: 'x' }] },
    'one suggested action': { lgType: 'Activity', suggestedActions: 'yes' },
    attachments: {
      lgType: 'Activity',
      attachments: [{ lgType: 'HeroCard', title: 't' }, 'a text', { type: 'AdaptiveCard', version: '1.5' }],
      attachmentlayout: 'carousel',
    },
    'one attachment': {
      lgType: 'Activity',
      attachments: { lgType: 'Attachment', contenttype: 'herocard', content: {} },
    },
    'a hero card': {
      lgType: 'HeroCard',
      title: 't',
      image: 'https://i.example',
      images: ['a', { url: 'b' }],
      tap: action,
    },
    'a thumbnail card': { lgType: 'ThumbnailCard', Subtitle: 's', buttons: ['a', action], image: '' },
    'an audio card': {
      lgType: 'AudioCard',
      image: 'i',
      media: 'm',
      autostart: 'True',
      shareable: false,
      autoloop: 'x',
    },
    'a video card': { lgType: 'VideoCard', media: ['a', { url: 'b' }], aspect: '16:9' },
    'an animation card': { lgType: 'AnimationCard', media: [''] },
    'a sign-in card': { lgType: 'SigninCard', text: 't', buttons: [action] },
    'a card for a connection': { lgType: 'OAuthCard', ConnectionName: 'c', buttons: 'b' },
    'a receipt': { lgType: 'ReceiptCard', title: 't', facts: [{ key: 'k', value: 'v' }], items: [], VAT: '1' },
    'an attachment': { lgType: 'Attachment', contentType: 'adaptivecard', CONTENT: { a: 1 }, name: 'n' },
    'an attachment of another kind': { lgType: 'Attachment', contentType: 'Image/PNG', contentUrl: 'u' },
  };

  test.each(Object.entries(cases))('%s', (_name, given) => {
    const expected = json(theirs.ActivityFactory.fromObject(structuredClone(given)));
    expect(json(ours.ActivityFactory.fromObject(structuredClone(given)))).toEqual(expected);
  });
});

describe('EventFactory', () => {
  const activity = incoming({ locale: 'de-DE' });
  const contextOf = (library: typeof ours | typeof theirs) =>
    new (library.TurnContext as typeof ours.TurnContext)(new TurnAdapter(), activity);
  const made = (value: { id?: string }) => {
    expect(value.id).toMatch(/^[\da-f-]{36}$/);
    return { ...(json(value) as object), id: '', timestamp: '' };
  };

  test.each([undefined, { activities: [activity] }])('asks for a person, transcript: %j', (transcript) => {
    const expected = theirs.EventFactory.createHandoffInitiation(
      contextOf(theirs) as never,
      { skill: 's' },
      transcript as never,
    );
    const actual = ours.EventFactory.createHandoffInitiation(contextOf(ours), { skill: 's' }, transcript);
    expect(made(actual)).toEqual(made(expected));
  });

  test.each<{ state: string; message?: string }>([{ state: 'accepted' }, { state: 'failed', message: 'why' }])(
    'tells what became of it: %j',
    ({ state, message }) => {
      const expected = theirs.EventFactory.createHandoffStatus(activity.conversation as never, state, message);
      const actual = ours.EventFactory.createHandoffStatus(activity.conversation, state, message);
      expect(made(actual)).toEqual(made(expected));
    },
  );

  test('refuses what it cannot make', () => {
    const nothing = undefined as never;
    for (const call of [
      (factory: typeof ours.EventFactory) => factory.createHandoffInitiation(nothing, {}),
      (factory: typeof ours.EventFactory) => factory.createHandoffStatus(nothing, 'accepted'),
      (factory: typeof ours.EventFactory) => factory.createHandoffStatus(activity.conversation, nothing),
    ]) {
      let message = '';
      try {
        call(theirs.EventFactory as unknown as typeof ours.EventFactory);
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).not.toBe('');
      expect(() => call(ours.EventFactory)).toThrow(new TypeError(message));
    }
  });

  test('its names', () => {
    expect(ours.HandoffEventNames).toEqual({ ...theirs.HandoffEventNames });
  });
});

test('StatusCodeError', () => {
  const [actual, expected] = [ours, theirs].map(({ StatusCodeError }) => new StatusCodeError(404, 'gone'));
  expect(actual).toMatchObject({ name: expected?.name, message: expected?.message, statusCode: expected?.statusCode });
});

describe('telemetryTrackDialogView', () => {
  const tracked = (
    library: { telemetryTrackDialogView: typeof ours.telemetryTrackDialogView },
    ...methods: string[]
  ) => {
    const calls: unknown[] = [];
    const client = Object.fromEntries(methods.map((name) => [name, (given: unknown) => calls.push([name, given])]));
    try {
      library.telemetryTrackDialogView(client as never, 'dialog', { a: 'b' }, { c: 1 });
    } catch (error) {
      calls.push((error as Error).message);
    }
    return calls;
  };
  test.each([[['trackPageView', 'trackTrace']], [['trackTrace']], [[]]])('with a client that has %j', (methods) => {
    expect(tracked(ours, ...methods)).toEqual(tracked(theirs as never, ...methods));
  });
});

test('useBotState puts states where dialogs look for them', async () => {
  const adapter = new TurnAdapter();
  const state = new ours.ConversationState();
  expect(ours.useBotState(adapter, state)).toBe(adapter);
  const { context } = await runBot(async () => undefined, {}, undefined, adapter);
  expect(context.turnState.get('ConversationState')).toBe(state);
});
