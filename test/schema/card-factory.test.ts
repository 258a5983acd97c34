import { describe, expect, test } from '@jest/globals';
import { CardFactory } from '../../src/schema/card-factory';

const { contentTypes } = CardFactory;

describe('CardFactory', () => {
  test('adaptiveCard holds the card as it is', () => {
    const card = { type: 'AdaptiveCard', body: [] };
    const made = CardFactory.adaptiveCard(card);
    expect(made).toEqual({ contentType: 'application/vnd.microsoft.card.adaptive', content: card });
    expect(made.content).toBe(card);
  });

  describe.each([
    ['heroCard', 'application/vnd.microsoft.card.hero'],
    ['thumbnailCard', 'application/vnd.microsoft.card.thumbnail'],
  ] as const)('%s', (name, contentType) => {
    const make = CardFactory[name];

    test('with a title alone', () => {
      expect(make('T')).toEqual({ contentType, content: { title: 'T' } });
    });

    test('with images and buttons in place of the text', () => {
      expect(make('T', ['https://x.example/i.png'], ['Yes'], { subtitle: 'S' })).toEqual({
        contentType,
        content: {
          title: 'T',
          subtitle: 'S',
          images: [{ url: 'https://x.example/i.png' }],
          buttons: [{ type: 'imBack', title: 'Yes', value: 'Yes' }],
        },
      });
    });

    test('with a text', () => {
      expect(make('T', 'text', [{ url: 'u', alt: 'a' }], ['Yes'], { subtitle: 'S' })).toEqual({
        contentType,
        content: {
          title: 'T',
          text: 'text',
          subtitle: 'S',
          images: [{ url: 'u', alt: 'a' }],
          buttons: [{ type: 'imBack', title: 'Yes', value: 'Yes' }],
        },
      });
    });

    test('what is given by position wins over the rest', () => {
      const tap = { type: 'openUrl', title: '', value: 'https://x.example' };
      expect(make('T', 'text', [], [], { title: 'other', text: 'other', tap }).content).toEqual({
        title: 'T',
        text: 'text',
        tap,
        images: [],
        buttons: [],
      });
    });
  });

  test.each([
    ['audioCard', 'application/vnd.microsoft.card.audio'],
    ['videoCard', 'application/vnd.microsoft.card.video'],
    ['animationCard', 'application/vnd.microsoft.card.animation'],
  ] as const)('%s', (name, contentType) => {
    const made = CardFactory[name]('T', ['u', { url: 'v', profile: 'p' }], ['Play'], { autoloop: true });
    expect(made).toEqual({
      contentType,
      content: {
        title: 'T',
        autoloop: true,
        media: [{ url: 'u' }, { url: 'v', profile: 'p' }],
        buttons: [{ type: 'imBack', title: 'Play', value: 'Play' }],
      },
    });
    expect(CardFactory[name]('', []).content).toEqual({ media: [] });
  });

  test('receiptCard and o365ConnectorCard hold the card as it is', () => {
    const card = { title: 'T', facts: [{ key: 'k', value: 'v' }] };
    expect(CardFactory.receiptCard(card)).toEqual({ contentType: contentTypes.receiptCard, content: card });
    expect(CardFactory.o365ConnectorCard({ title: 'T' })).toEqual({
      contentType: 'application/vnd.microsoft.teams.card.o365connector',
      content: { title: 'T' },
    });
  });

  test('signinCard', () => {
    expect(CardFactory.signinCard('Sign in', 'https://x.example', 'please')).toEqual({
      contentType: 'application/vnd.microsoft.card.signin',
      content: { text: 'please', buttons: [{ type: 'signin', title: 'Sign in', value: 'https://x.example' }] },
    });
  });

  test('oauthCard', () => {
    expect(CardFactory.oauthCard('conn', 'Sign in')).toEqual({
      contentType: 'application/vnd.microsoft.card.oauth',
      content: { connectionName: 'conn', buttons: [{ type: 'signin', title: 'Sign in' }] },
    });
    const exchange = { id: 'i', uri: 'api://x' };
    expect(CardFactory.oauthCard('conn', 'T', 'text', 'link', exchange, { sasUrl: 's' }).content).toEqual({
      connectionName: 'conn',
      text: 'text',
      buttons: [{ type: 'signin', title: 'T', value: 'link' }],
      tokenExchangeResource: exchange,
      tokenPostResource: { sasUrl: 's' },
    });
  });

  test('actions, images and media pass objects through and make nothing of nothing', () => {
    const action = { type: 'openUrl', title: 'x', value: 'y', channelData: { z: 1 } };
    expect(CardFactory.actions([action])[0]).toBe(action);
    expect(CardFactory.actions(undefined)).toEqual([]);
    expect(CardFactory.images(undefined)).toEqual([]);
    expect(CardFactory.images(['u', { url: 'v' }])).toEqual([{ url: 'u' }, { url: 'v' }]);
    expect(CardFactory.media(undefined)).toEqual([]);
    expect(CardFactory.media(['u'])).toEqual([{ url: 'u' }]);
  });
});
