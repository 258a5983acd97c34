import type { Activity } from './activity';
import type { Attachment, CardAction } from './attachments';
import { CardFactory } from './card-factory';
import { ActivityTypes, AttachmentLayoutTypes, InputHints } from './constants';
import type { Open } from './json';

function message(speak: string | undefined, inputHint: Open<InputHints> | undefined): Partial<Activity> {
  const activity: Partial<Activity> = {
    type: ActivityTypes.Message,
    inputHint: inputHint || InputHints.AcceptingInput,
  };
  if (speak) activity.speak = speak;
  return activity;
}

function withAttachments(
  attachmentLayout: AttachmentLayoutTypes,
  attachments: Attachment[],
  text: string | undefined,
  speak: string | undefined,
  inputHint: Open<InputHints> | undefined,
): Partial<Activity> {
  const activity = { ...message(speak, inputHint), attachmentLayout, attachments };
  return text ? { ...activity, text } : activity;
}

/** Makes messages to send. `inputHint` is `acceptingInput` unless given. */
export const MessageFactory = {
  text(text: string, speak?: string, inputHint?: Open<InputHints>): Partial<Activity> {
    return { ...message(speak, inputHint), text };
  },

  /** A message with suggested actions; a string becomes a button that says that string. */
  suggestedActions(
    actions: (CardAction | string)[],
    text?: string,
    speak?: string,
    inputHint?: Open<InputHints>,
  ): Partial<Activity> {
    const activity = { ...message(speak, inputHint), suggestedActions: { actions: CardFactory.actions(actions) } };
    return text ? { ...activity, text } : activity;
  },

  attachment(attachment: Attachment, text?: string, speak?: string, inputHint?: Open<InputHints>): Partial<Activity> {
    return withAttachments(AttachmentLayoutTypes.List, [attachment], text, speak, inputHint);
  },

  /** Attachments one below the other. */
  list(attachments: Attachment[], text?: string, speak?: string, inputHint?: Open<InputHints>): Partial<Activity> {
    return withAttachments(AttachmentLayoutTypes.List, attachments, text, speak, inputHint);
  },

  /** Attachments side by side. */
  carousel(attachments: Attachment[], text?: string, speak?: string, inputHint?: Open<InputHints>): Partial<Activity> {
    return withAttachments(AttachmentLayoutTypes.Carousel, attachments, text, speak, inputHint);
  },

  /** An attachment that the channel fetches from `url`. */
  contentUrl(
    url: string,
    contentType: string,
    name?: string,
    text?: string,
    speak?: string,
    inputHint?: Open<InputHints>,
  ): Partial<Activity> {
    const attachment: Attachment = { contentType, contentUrl: url };
    if (name) attachment.name = name;
    return withAttachments(AttachmentLayoutTypes.List, [attachment], text, speak, inputHint);
  },
} as const;
