import { describe, expect, test } from '@jest/globals';
import * as published from 'botframework-schema';
import * as constants from '../../src/schema/constants';

describe('constants of the schema', () => {
  const names = [
    'ActionTypes',
    'ActivityEventNames',
    'ActivityImportance',
    'ActivityTypes',
    'AttachmentLayoutTypes',
    'Channels',
    'ContactRelationUpdateActionTypes',
    'DeliveryModes',
    'EndOfConversationCodes',
    'InputHints',
    'InstallationUpdateActionTypes',
    'MessageReactionTypes',
    'RoleTypes',
    'SemanticActionStateTypes',
    'TextFormatTypes',
  ] as const;

  test.each(names)('%s has the names and values that the Bot Framework publishes', (name) => {
    expect(constants[name]).toEqual({ ...published[name] });
  });

  test('StatusCodes too, in one direction', () => {
    for (const [name, value] of Object.entries(constants.StatusCodes)) {
      expect(published.StatusCodes[name as keyof typeof published.StatusCodes]).toBe(value);
    }
  });

  test('the empty speak tag and the caller ids too', () => {
    expect(constants.SpeechConstants.EmptySpeakTag).toBe(published.SpeechConstants.EmptySpeakTag);
    expect(constants.CallerIdConstants).toEqual({ ...published.CallerIdConstants });
  });
});
