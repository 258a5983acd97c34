import { describe, expect, test } from '@jest/globals';
import * as published from 'botframework-schema';
import * as constants from '../../src/schema/constants';

describe('constants of the schema', () => {
  const pairs: [name: string, ours: object, theirs: object][] = [
    ['ActionTypes', constants.ActionTypes, published.ActionTypes],
    ['ActivityEventNames', constants.ActivityEventNames, published.ActivityEventNames],
    ['ActivityImportance', constants.ActivityImportance, published.ActivityImportance],
    ['ActivityTypes', constants.ActivityTypes, published.ActivityTypes],
    ['AttachmentLayoutTypes', constants.AttachmentLayoutTypes, published.AttachmentLayoutTypes],
    ['Channels', constants.Channels, published.Channels],
    [
      'ContactRelationUpdateActionTypes',
      constants.ContactRelationUpdateActionTypes,
      published.ContactRelationUpdateActionTypes,
    ],
    ['DeliveryModes', constants.DeliveryModes, published.DeliveryModes],
    ['EndOfConversationCodes', constants.EndOfConversationCodes, published.EndOfConversationCodes],
    ['InputHints', constants.InputHints, published.InputHints],
    ['InstallationUpdateActionTypes', constants.InstallationUpdateActionTypes, published.InstallationUpdateActionTypes],
    ['MessageReactionTypes', constants.MessageReactionTypes, published.MessageReactionTypes],
    ['RoleTypes', constants.RoleTypes, published.RoleTypes],
    ['SemanticActionStateTypes', constants.SemanticActionStateTypes, published.SemanticActionStateTypes],
    ['TextFormatTypes', constants.TextFormatTypes, published.TextFormatTypes],
  ];

  test.each(pairs)('%s has the names and values that the Bot Framework publishes', (_name, ours, theirs) => {
    expect(ours).toEqual({ ...theirs });
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
