import { describe, expect, test } from '@jest/globals';
import { TurnContext } from '../../src/bot/turn-context';
import { incoming } from '../support/run-bot';

const mention = (id: string, text?: string) => ({
  type: 'mention',
  mentioned: { id },
  ...(text === undefined ? {} : { text }),
});

describe('mentions', () => {
  test('are found among the entities, whatever the case of their type', () => {
    const upper = { ...mention('b'), type: 'Mention' };
    const activity = incoming({ entities: [mention('a'), { type: 'place' }, upper] });
    expect(TurnContext.getMentions(activity)).toEqual([mention('a'), upper]);
    expect(TurnContext.getMentions(incoming())).toEqual([]);
  });

  test('the recipient is taken out of the text', () => {
    const activity = incoming({ text: '<at>Bot</at> order a pizza', entities: [mention('bot-1', '<at>Bot</at>')] });
    expect(TurnContext.removeRecipientMention(activity)).toBe('order a pizza');
    expect(activity.text).toBe('order a pizza');
  });

  test('another account is taken out, and the others stay', () => {
    const entities = [mention('a', '<at>A</at>'), mention('b', '<at>B</at>')];
    const activity = incoming({ text: '<at>A</at> and <at>B</at>', entities });
    expect(TurnContext.removeMentionText(activity, 'b')).toBe('<at>A</at> and');
  });

  test('only the first occurrence goes, as in the Bot Framework SDK', () => {
    const activity = incoming({ text: '@x @x', entities: [mention('x', '@x')] });
    expect(TurnContext.removeMentionText(activity, 'x')).toBe('@x');
  });

  test('characters with a meaning in patterns have none', () => {
    const activity = incoming({ text: '<at>B(o$&t</at> hi', entities: [mention('x', '<at>B(o$&t</at>')] });
    expect(TurnContext.removeMentionText(activity, 'x')).toBe('hi');
  });

  test('nothing to take out changes nothing, and absent texts are empty', () => {
    expect(TurnContext.removeMentionText(incoming({ text: ' hi ' }), 'x')).toBe(' hi ');
    const { text: _, ...submit } = incoming({ entities: [mention('bot-1', '<at>Bot</at>')] });
    expect(TurnContext.removeRecipientMention(submit)).toBe('');
    expect(TurnContext.removeMentionText(incoming({ text: 'hi', entities: [mention('x')] }), 'x')).toBe('hi');
  });
});
