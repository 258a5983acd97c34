import type { Middleware } from '../bot/middleware';
import type { TurnContext } from '../bot/turn-context';
import type { Activity } from '../schema/activity';
import { ActivityTypes, Channels } from '../schema/constants';

/** The channels that speak. */
const SPEAKING: ReadonlySet<string> = new Set([Channels.DirectlineSpeech, Channels.Emulator, Channels.Telephony]);

/** What holds no tags, whatever it looks like. */
const OPAQUE = /<!--[\s\S]*?(?:-->|$)|<!\[CDATA\[[\s\S]*?(?:\]\]>|$)/g;

/** Gives the messages that a bot sends a voice: makes SSML of what they speak. */
export class SetSpeakMiddleware implements Middleware {
  /**
   * @param voiceName the voice, in the names of the speech service; `null` leaves what is spoken as it is
   * @param fallbackToTextForSpeak whether a message that says nothing speaks its text
   */
  constructor(
    private readonly voiceName: string | null,
    private readonly fallbackToTextForSpeak: boolean,
  ) {}

  onTurn(context: TurnContext, next: () => Promise<void>): Promise<void> {
    const speaks = SPEAKING.has(context.activity.channelId?.trim().toLowerCase());
    context.onSendActivities(async (_context, activities, send) => {
      for (const activity of activities) {
        if (activity.type === ActivityTypes.Message) this.setSpeak(activity, speaks);
      }
      return send();
    });
    return next();
  }

  private setSpeak(activity: Partial<Activity>, speaks: boolean): void {
    if (this.fallbackToTextForSpeak && !activity.speak && activity.text !== undefined) activity.speak = activity.text;
    const { speak } = activity;
    if (!speak || this.voiceName === null || !speaks || hasTag('speak', speak)) return;
    const voiced = hasTag('voice', speak) ? speak : `<voice name='${this.voiceName}'>${speak}</voice>`;
    const language = activity.locale ?? 'en-US';
    activity.speak = `<speak version='1.0' xmlns='http://www.w3.org/2001/10/synthesis' xml:lang='${language}'>${voiced}</speak>`;
  }
}

function hasTag(name: string, markup: string): boolean {
  return new RegExp(`<${name}(?=[\\s/>])`, 'i').test(markup.replace(OPAQUE, ''));
}
