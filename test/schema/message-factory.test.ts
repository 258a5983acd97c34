import { describe, expect, test } from '@jest/globals';
import { CardFactory } from '../../src/schema/card-factory';
import { MessageFactory } from '../../src/schema/message-factory';

const card = CardFactory.heroCard('title');
const plain = { type: 'message', inputHint: 'acceptingInput' };

describe('MessageFactory', () => {
  test('text', () => {
    expect(MessageFactory.text('hi')).toEqual({ ...plain, text: 'hi' });
    expect(MessageFactory.text('')).toEqual({ ...plain, text: '' });
    expect(MessageFactory.text('hi', 'hi there', 'ignoringInput')).toEqual({
      type: 'message',
      text: 'hi',
      speak: 'hi there',
      inputHint: 'ignoringInput',
    });
  });

  test('suggestedActions makes buttons of strings', () => {
    const given = { type: 'postBack', title: 'Blue', value: 'b' };
    expect(MessageFactory.suggestedActions(['Red', given], 'Which?', 'which', 'expectingInput')).toEqual({
      type: 'message',
      inputHint: 'expectingInput',
      suggestedActions: { actions: [{ type: 'imBack', title: 'Red', value: 'Red' }, given] },
      text: 'Which?',
      speak: 'which',
    });
    expect(MessageFactory.suggestedActions([])).toEqual({ ...plain, suggestedActions: { actions: [] } });
  });

  test('attachment', () => {
    expect(MessageFactory.attachment(card)).toEqual({ ...plain, attachmentLayout: 'list', attachments: [card] });
  });

  test('list', () => {
    expect(MessageFactory.list([card, card], 'two', 'both')).toEqual({
      ...plain,
      attachmentLayout: 'list',
      attachments: [card, card],
      text: 'two',
      speak: 'both',
    });
  });

  test('carousel', () => {
    expect(MessageFactory.carousel([card], undefined, undefined, 'expectingInput')).toEqual({
      type: 'message',
      inputHint: 'expectingInput',
      attachmentLayout: 'carousel',
      attachments: [card],
    });
  });

  test('contentUrl', () => {
    expect(MessageFactory.contentUrl('https://x.example/a.png', 'image/png', 'a', 'see')).toEqual({
      ...plain,
      attachmentLayout: 'list',
      attachments: [{ contentType: 'image/png', contentUrl: 'https://x.example/a.png', name: 'a' }],
      text: 'see',
    });
    expect(MessageFactory.contentUrl('u', 't').attachments).toEqual([{ contentType: 't', contentUrl: 'u' }]);
  });
});
