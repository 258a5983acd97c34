import { describe, expect, test } from '@jest/globals';
import { CapturedEffects } from '../../src/runtime/captured-effects';
import type { Activity } from '../../src/schema/activity';
import { withStreamInfo } from '../../src/schema/stream-info';
import type { NewEffect } from '../../src/turn/commit';
import { incoming } from '../support/run-bot';

const message = (text: string): Activity => incoming({ text });
const delay = (value: number): Activity => incoming({ type: 'delay', value });
const final = (text: string): Activity => withStreamInfo(message(text), { streamType: 'final', streamId: 's' });

function capture(recordedBefore = 0): CapturedEffects {
  return new CapturedEffects({
    idOf: (ordinal) => `t.${ordinal}`,
    from: 0,
    recordedBefore,
    address: { channelId: 'test', serviceUrl: 'https://channel.example/', conversationId: 'c' },
  });
}

const ids = (effects: readonly NewEffect[]): string[] =>
  effects.map(({ id, afterMs }) => (afterMs ? `${id}+${afterMs}` : id));

describe('what is ready before the commit', () => {
  test('is everything, without a stream', () => {
    const effects = capture();
    for (const text of ['a', 'b']) effects.send(message(text));
    expect(ids(effects.takeReady())).toEqual(['t.0', 't.1']);
    expect(ids(effects.take())).toEqual([]);
  });

  test('is what comes before the end of a stream', () => {
    const effects = capture();
    effects.send(message('x'.repeat(2_000)));
    effects.send(final('y'.repeat(2_000)));
    effects.send(message('after'));
    const ready = effects.takeReady();
    expect(ids(ready)).toEqual(['t.0']);
    effects.send(message('later'));
    expect(effects.takeReady()).toEqual([]);
    const rest = effects.take();
    expect(ids(rest)).toEqual(['t.1', 't.2', 't.3']);
  });

  test('takes with it the waiting that it carries', () => {
    const effects = capture();
    effects.send(delay(1_000));
    effects.send(message('a'));
    effects.send(delay(500));
    effects.send(final('b'));
    expect(ids(effects.takeReady())).toEqual(['t.0+1000']);
    effects.send(message('c'));
    expect(ids(effects.take())).toEqual(['t.1+500', 't.2+500']);
  });

  test('is not held up by an end that an earlier attempt has recorded', () => {
    const effects = capture(1);
    effects.send(final('a'));
    effects.send(message('b'));
    expect(ids(effects.takeReady())).toEqual(['t.1']);
  });
});
