const BOOKS = [
  { id: 'b1', title: 'A Wizard of Earthsea', author: 'Le Guin', price: 8 },
  { id: 'b2', title: 'The Left Hand of Darkness', author: 'Le Guin', price: 9 },
  { id: 'b3', title: 'Solaris', author: 'Lem', price: 7 },
];

/** A messaging extension for Teams over a catalogue of books, on the classes of a framework. */
exports.catalogueBot = function catalogueBot({ CardFactory, MessageFactory, TeamsActivityHandler, teamsGetTeamInfo }) {
  const cardOf = (book) => CardFactory.heroCard(book.title, `${book.author}, ${book.price} EUR`);
  const result = (attachments) => ({ composeExtension: { type: 'result', attachmentLayout: 'list', attachments } });
  const form = (note = '') =>
    CardFactory.adaptiveCard({
      type: 'AdaptiveCard',
      version: '1.5',
      body: [{ type: 'Input.Text', id: 'note', value: note }],
      actions: [{ type: 'Action.Submit', title: 'Preview', data: { kind: 'note' } }],
    });

  return class CatalogueBot extends TeamsActivityHandler {
    constructor() {
      super();
      this.onMessage(async (context, next) => {
        await context.sendActivity('Search the catalogue from the message box.');
        await next();
      });
      this.onTeamsMembersAddedEvent(async (members, team, context, next) => {
        await context.sendActivity(`${members.length} joined ${team.name}.`);
        await next();
      });
    }

    async handleTeamsMessagingExtensionQuery(_context, query) {
      const [{ name, value = '' } = {}] = query.parameters ?? [];
      if (name === 'initialRun') return { composeExtension: { type: 'message', text: 'Type a title or an author.' } };
      const { skip = 0, count = 25 } = query.queryOptions ?? {};
      const found = BOOKS.filter((book) => `${book.title} ${book.author}`.toLowerCase().includes(value.toLowerCase()));
      return result(
        found.slice(skip, skip + count).map((book) => {
          const preview = CardFactory.thumbnailCard(book.title, book.author);
          preview.content.tap = { type: 'invoke', value: { id: book.id } };
          return { ...cardOf(book), preview };
        }),
      );
    }

    async handleTeamsMessagingExtensionSelectItem(_context, { id }) {
      const book = BOOKS.find((each) => each.id === id);
      if (book === undefined) throw new Error('BadRequest');
      return result([cardOf(book)]);
    }

    async handleTeamsMessagingExtensionFetchTask(_context, { commandId }) {
      return { task: { type: 'continue', value: { card: form(), title: commandId, height: 'small', width: 'small' } } };
    }

    async handleTeamsMessagingExtensionSubmitAction(_context, { data, messagePayload }) {
      const quoted = messagePayload?.body?.content ?? '';
      return {
        composeExtension: {
          type: 'botMessagePreview',
          activityPreview: MessageFactory.attachment(form(data.note + quoted)),
        },
      };
    }

    async handleTeamsMessagingExtensionBotMessagePreviewEdit(_context, { botActivityPreview }) {
      const { value } = botActivityPreview[0].attachments[0].content.body[0];
      return { task: { type: 'continue', value: { card: form(value), title: 'Edit' } } };
    }

    async handleTeamsMessagingExtensionBotMessagePreviewSend(context, { botActivityPreview }) {
      const { value } = botActivityPreview[0].attachments[0].content.body[0];
      const message = MessageFactory.text(`${context.activity.from.name} notes: ${value}`);
      message.channelData = { onBehalfOf: [{ itemId: 0, mentionType: 'person', mri: context.activity.from.id }] };
      await context.sendActivity(message);
      return undefined;
    }

    async handleTeamsAppBasedLinkQuery(_context, { url }) {
      const book = BOOKS.find(({ id }) => url.endsWith(`/${id}`));
      return book === undefined
        ? { composeExtension: { type: 'message', text: 'Not one of ours.' } }
        : result([cardOf(book)]);
    }

    async handleTeamsMessagingExtensionConfigurationQuerySettingUrl(context) {
      const team = teamsGetTeamInfo(context.activity)?.id ?? 'none';
      const actions = [{ type: 'openUrl', title: 'Settings', value: `https://books.example/settings/${team}` }];
      return { composeExtension: { type: 'config', suggestedActions: { actions } } };
    }

    async handleTeamsMessagingExtensionConfigurationSetting(context, { state }) {
      await context.sendActivity(`Settings: ${state}`);
    }

    async handleTeamsMessagingExtensionCardButtonClicked(context, { id }) {
      await context.sendActivity(`Reserved ${id}.`);
    }

    async handleTeamsTaskModuleFetch(_context, { data }) {
      return {
        task: { type: 'continue', value: { title: data.title, url: 'https://books.example/', height: 'large' } },
      };
    }

    async handleTeamsTaskModuleSubmit() {
      return { task: { type: 'message', value: 'Thank you.' } };
    }
  };
};
