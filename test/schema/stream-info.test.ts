import { describe, expect, test } from '@jest/globals';
import { isFinalOfStream, withoutStreamInfo, withStreamInfo } from '../../src/schema/stream-info';
import { incoming } from '../support/run-bot';

describe('a piece of a stream', () => {
  const own = incoming({ entities: [{ type: 'other' }], channelData: { own: 1 } });
  const final = withStreamInfo(own, { streamType: 'final', streamId: 's' });

  test('says so in an entity and in the channel data, beside what was there', () => {
    expect(final).toEqual({
      ...own,
      entities: [{ type: 'streaminfo', streamType: 'final', streamId: 's' }, { type: 'other' }],
      channelData: { own: 1, streamType: 'final', streamId: 's' },
    });
    expect(isFinalOfStream(final)).toBe(true);
    expect(isFinalOfStream(own)).toBe(false);
    expect(isFinalOfStream(withStreamInfo(own, { streamType: 'streaming', streamSequence: 1 }))).toBe(false);
  });

  test('is the message that it was without it', () => {
    expect(withoutStreamInfo(final)).toEqual(own);
    const bare = incoming();
    expect(withoutStreamInfo(withStreamInfo(bare, { streamType: 'final', streamId: 's' }))).toEqual(bare);
  });
});
