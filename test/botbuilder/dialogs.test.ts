import { describe, expect, test } from '@jest/globals';
import * as theirs from 'botbuilder-core';
import {
  ActivityPrompt,
  AttachmentPrompt,
  ChoicePrompt,
  ComponentDialog,
  ConfirmPrompt,
  DateTimePrompt,
  type Dialog,
  DialogManager,
  DialogSet,
  type DialogState,
  NumberPrompt,
  OAuthPrompt,
  TextPrompt,
  WaterfallDialog,
  type WaterfallStepContext,
} from 'botbuilder-dialogs';
import { ActivityHandler } from '../../src/bot/activity-handler';
import { ConversationState } from '../../src/bot/conversation-state';
import type { TurnContext } from '../../src/bot/turn-context';
import { UserState } from '../../src/bot/user-state';
import { fromBotBuilder, toBotBuilder } from '../../src/botbuilder/index';
import type { Activity } from '../../src/schema/activity';
import { TestAdapter } from '../../src/testing/index';

/** What a conversation consists of: what the user does, and what comes of it. */
type Script = readonly (readonly [says: string | Partial<Activity>, ...replies: string[]])[];

const show = ({ type, text, attachments, value }: Partial<Activity>): string =>
  text ?? attachments?.[0]?.contentType ?? `${type} ${JSON.stringify(value)}`;

/** Ends with what a prompt brought. */
const tell = async (step: WaterfallStepContext) => {
  await step.context.sendActivity(`got ${JSON.stringify(step.result)}`);
  return step.endDialog(step.result);
};

const prompting = (prompt: Dialog, options: object): Dialog[] => [
  prompt,
  new WaterfallDialog('main', [(step) => step.prompt(prompt.id, options), tell]),
];

interface Case {
  readonly dialogs: () => Dialog[];
  readonly script: Script;
  readonly prepare?: (adapter: Pick<TestAdapter, 'addUserToken' | 'addExchangeableToken'>) => void;
}

const image = { attachments: [{ contentType: 'image/png', contentUrl: 'https://example.org/a.png' }] };

const oauth = (): Dialog[] => prompting(new OAuthPrompt('p', { connectionName: 'c', title: 'Sign in' }), {});

const invoke = (name: string, value: object): Partial<Activity> => ({ type: 'invoke', name, value });

const CASES: Readonly<Record<string, Case>> = {
  TextPrompt: {
    dialogs: () => prompting(new TextPrompt('p'), { prompt: 'Name?' }),
    script: [
      ['hi', 'Name?'],
      ['Ada', 'got "Ada"'],
    ],
  },
  NumberPrompt: {
    dialogs: () => prompting(new NumberPrompt('p'), { prompt: 'Many?', retryPrompt: 'A number!' }),
    script: [
      ['hi', 'Many?'],
      ['no', 'A number!'],
      ['seventeen', 'got 17'],
    ],
  },
  ChoicePrompt: {
    dialogs: () => prompting(new ChoicePrompt('p'), { prompt: 'Colour?', choices: ['red', 'green'] }),
    script: [
      ['hi', 'Colour? (1) red or (2) green'],
      ['2', 'got {"value":"green","index":1,"score":1}'],
    ],
  },
  ConfirmPrompt: {
    dialogs: () => prompting(new ConfirmPrompt('p'), { prompt: 'Sure?' }),
    script: [
      ['hi', 'Sure? (1) Yes or (2) No'],
      ['no', 'got false'],
    ],
  },
  DateTimePrompt: {
    dialogs: () => prompting(new DateTimePrompt('p'), { prompt: 'When?' }),
    script: [
      ['hi', 'When?'],
      ['2031-05-20', 'got [{"timex":"2031-05-20","type":"date","value":"2031-05-20"}]'],
    ],
  },
  AttachmentPrompt: {
    dialogs: () => prompting(new AttachmentPrompt('p'), { prompt: 'Picture?' }),
    script: [
      ['hi', 'Picture?'],
      ['none', 'Picture?'],
      [image, `got ${JSON.stringify(image.attachments)}`],
    ],
  },
  ActivityPrompt: {
    dialogs: () =>
      prompting(new ActivityPrompt('p', async ({ recognized }) => recognized.value?.type === 'event'), {
        prompt: 'Event?',
        retryPrompt: 'An event!',
      }),
    script: [
      ['hi', 'Event?'],
      ['no', 'An event!'],
    ],
  },
  'OAuthPrompt with a code': {
    dialogs: oauth,
    prepare: (adapter) => adapter.addUserToken('c', 'test', 'user1', 'TOKEN', '123456'),
    script: [
      ['hi', 'application/vnd.microsoft.card.oauth'],
      ['654321'],
      ['123456', 'got {"channelId":"test","connectionName":"c","userId":"user1","token":"TOKEN"}'],
    ],
  },
  'OAuthPrompt with a token that is there': {
    dialogs: oauth,
    prepare: (adapter) => adapter.addUserToken('c', 'test', 'user1', 'TOKEN'),
    script: [['hi', 'got {"channelId":"test","connectionName":"c","userId":"user1","token":"TOKEN"}']],
  },
  'OAuthPrompt with a token that is exchanged': {
    dialogs: oauth,
    prepare: (adapter) => adapter.addExchangeableToken('c', 'test', 'user1', 'theirs', 'TOKEN'),
    script: [
      ['hi', 'application/vnd.microsoft.card.oauth'],
      [
        invoke('signin/tokenExchange', { id: '1', connectionName: 'c', token: 'other' }),
        'invokeResponse {"status":412,"body":{"connectionName":"c","failureDetail":"The bot is unable to exchange token. Proceed with regular login."}}',
      ],
      [
        invoke('signin/tokenExchange', { id: '1', connectionName: 'c', token: 'theirs' }),
        'invokeResponse {"status":200,"body":{"id":"1","connectionName":"c","failureDetail":null}}',
        'got {"channelId":"test","connectionName":"c","token":"TOKEN","expiration":null}',
      ],
    ],
  },
  'OAuthPrompt with a verified state': {
    dialogs: oauth,
    prepare: (adapter) => adapter.addUserToken('c', 'test', 'user1', 'TOKEN', '888'),
    script: [
      ['hi', 'application/vnd.microsoft.card.oauth'],
      [invoke('signin/verifyState', { state: '777' }), 'invokeResponse {"status":404}'],
      [
        invoke('signin/verifyState', { state: '888' }),
        'invokeResponse {"status":200}',
        'got {"channelId":"test","connectionName":"c","userId":"user1","token":"TOKEN"}',
      ],
    ],
  },
  'OAuthPrompt with a token event': {
    dialogs: oauth,
    script: [
      ['hi', 'application/vnd.microsoft.card.oauth'],
      [
        { type: 'event', name: 'tokens/response', value: { connectionName: 'c', token: 'T' } },
        'got {"connectionName":"c","token":"T"}',
      ],
    ],
  },
  ComponentDialog: {
    dialogs: () => {
      const inner = new ComponentDialog('inner');
      inner.addDialog(new WaterfallDialog('steps', [(step) => step.prompt('text', 'Inner?'), tell]));
      inner.addDialog(new TextPrompt('text'));
      return [inner, new WaterfallDialog('main', [(step) => step.beginDialog('inner'), tell])];
    },
    script: [
      ['hi', 'Inner?'],
      ['deep', 'got "deep"', 'got "deep"'],
      ['again', 'Inner?'],
    ],
  },
};

/** Runs the dialogs on Turnwise's context and state. */
function onTurnwise(dialogs: Dialog[]): (context: TurnContext) => Promise<void> {
  const set = new DialogSet(toBotBuilder(new ConversationState().createProperty<DialogState>('dialogs')));
  for (const dialog of dialogs) set.add(dialog);
  return async (context) => {
    const dialogContext = await set.createContext(context as never);
    const { status } = await dialogContext.continueDialog();
    if (status === 'empty') await dialogContext.beginDialog('main');
  };
}

/** Runs the dialogs as the Bot Framework SDK does. */
function onTheirs(dialogs: Dialog[]): {
  logic: (context: theirs.TurnContext) => Promise<void>;
  state: theirs.ConversationState;
} {
  const state = new theirs.ConversationState(new theirs.MemoryStorage());
  const set = new DialogSet(state.createProperty('dialogs'));
  for (const dialog of dialogs) set.add(dialog);
  const logic = async (context: theirs.TurnContext): Promise<void> => {
    const dialogContext = await set.createContext(context);
    const { status } = await dialogContext.continueDialog();
    if (status === 'empty') await dialogContext.beginDialog('main');
    await state.saveChanges(context);
  };
  return { logic, state };
}

async function play(
  adapter: { activeQueue: Partial<Activity>[] },
  send: (says: string | Partial<Activity>) => PromiseLike<unknown>,
  script: Script,
): Promise<Script> {
  const played: Script[number][] = [];
  for (const [says] of script) {
    await send(typeof says === 'string' ? says : structuredClone(says));
    played.push([says, ...adapter.activeQueue.splice(0).map(show)]);
  }
  return played;
}

describe.each(Object.entries(CASES))('%s', (_name, { dialogs, script, prepare }) => {
  test('runs on the context and the state of Turnwise', async () => {
    const adapter = new TestAdapter(onTurnwise(dialogs()));
    prepare?.(adapter);
    expect(await play(adapter, (says) => adapter.processActivity(says), script)).toEqual(script);
  });

  test('survives a crash before every commit, a conflict at every commit, and a second delivery of everything', async () => {
    const adapter = new TestAdapter(onTurnwise(dialogs()));
    prepare?.(adapter);
    const send = async (says: string | Partial<Activity>): Promise<void> => {
      const invoked = typeof says === 'object' && says.type === 'invoke';
      // Tokens of this adapter are its own memory: a code that was used in a run that is gone stays used.
      await (invoked ? adapter : adapter.crashBefore('commit').conflict()).processActivity(says);
      await adapter.redeliver();
    };
    expect(await play(adapter, send, script)).toEqual(script);
  });

  test('runs on a context of the Bot Framework SDK, over the bridge', async () => {
    const { logic, state } = onTheirs(dialogs());
    const adapter = new TestAdapter(fromBotBuilder(logic, { state: [state] }));
    prepare?.(adapter);
    expect(await play(adapter, (says) => adapter.processActivity(says), script)).toEqual(script);
  });

  test('does the same in the Bot Framework SDK', async () => {
    const adapter = new theirs.TestAdapter(onTheirs(dialogs()).logic);
    prepare?.(adapter);
    const queue = adapter as unknown as { activeQueue: Partial<Activity>[] };
    expect(await play(queue, (says) => adapter.processActivity(says as never), script)).toEqual(script);
  });
});

describe('DialogManager', () => {
  function managing(root: Dialog): TestAdapter {
    const manager = new DialogManager(root);
    manager.conversationState = toBotBuilder(new ConversationState()) as theirs.ConversationState;
    manager.userState = toBotBuilder(new UserState()) as theirs.UserState;
    const bot = new ActivityHandler().onMessage(async (context, next) => {
      await manager.onTurn(toBotBuilder(context));
      await next();
    });
    return new TestAdapter(bot);
  }

  test('runs a root dialog, with memory of conversation and user', async () => {
    const root = new ComponentDialog('root');
    root.addDialog(
      new WaterfallDialog('steps', [
        (step) => step.prompt('text', 'Name?'),
        async (step) => {
          step.state.setValue('user.name', step.result);
          step.state.setValue('conversation.turns', (step.state.getValue('conversation.turns') ?? 0) + 1);
          await step.context.sendActivity(
            `${step.state.getValue('user.name')} ${step.state.getValue('conversation.turns')}`,
          );
          return step.endDialog();
        },
      ]),
    );
    root.addDialog(new TextPrompt('text'));
    const adapter = managing(root);
    await adapter
      .test('hi', 'Name?')
      .crashBefore('commit')
      .test('Ada', 'Ada 1')
      .redeliver()
      .conflict()
      .test('hi', 'Name?')
      .test('Bob', 'Bob 2')
      .assertNoReply();
  });
});
