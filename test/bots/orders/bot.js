const MENU = { tea: 3, cake: 5 };

/**
 * Takes orders on one card, which it keeps up to date: every button changes the card that is there instead of sending another one. On the
 * classes of a framework.
 */
exports.ordersBot = function ordersBot({
  ActivityHandler,
  CardFactory,
  ConversationState,
  MemoryStorage,
  MessageFactory,
  TurnContext,
}) {
  const conversationState = new ConversationState(new MemoryStorage());
  const orderOf = conversationState.createProperty('order');

  const total = ({ items }) => Object.entries(items).reduce((sum, [name, count]) => sum + MENU[name] * count, 0);
  const orderCard = (order) =>
    CardFactory.adaptiveCard({
      type: 'AdaptiveCard',
      version: '1.5',
      body: [
        ...Object.entries(order.items).map(([name, count]) => ({ type: 'TextBlock', text: `${count} × ${name}` })),
        { type: 'TextBlock', text: `Total: ${total(order)}`, weight: 'bolder' },
      ],
      actions: Object.keys(MENU).map((name) => ({ type: 'Action.Submit', title: name, data: { add: name } })),
    });
  const receipt = (order) =>
    CardFactory.receiptCard({
      title: 'Receipt',
      items: Object.entries(order.items).map(([name, count]) => ({
        title: name,
        quantity: `${count}`,
        price: `${MENU[name]}`,
      })),
      total: `${total(order)}`,
    });

  class OrdersBot extends ActivityHandler {
    constructor() {
      super();
      this.onMessage(async (context, next) => {
        const { text, value } = context.activity;
        if (value?.add) await this.add(context, value.add);
        else if (text === 'order') await this.begin(context);
        else if (text === 'pay') await this.pay(context);
        else if (text === 'forget') await this.forget(context);
        else
          await context.sendActivity(
            MessageFactory.suggestedActions(['order', 'pay', 'forget'], 'What would you like?'),
          );
        await next();
      });
      this.onReactionsAdded(async (context, next) => {
        const order = await orderOf.get(context);
        const isOnCard = order !== undefined && context.activity.replyToId === order.card;
        await context.sendActivity(isOnCard ? 'Glad you like the order.' : 'Thank you.');
        await next();
      });
    }

    async run(context) {
      await super.run(context);
      await conversationState.saveChanges(context);
    }

    async begin(context) {
      const order = { items: {} };
      const { id } = await context.sendActivity({ attachments: [orderCard(order)] });
      await orderOf.set(context, {
        ...order,
        card: id,
        reference: TurnContext.getReplyConversationReference(context.activity, { id }),
      });
    }

    async add(context, name) {
      const order = await orderOf.get(context);
      if (order === undefined || MENU[name] === undefined)
        return void (await context.sendActivity('That order is closed.'));
      order.items[name] = (order.items[name] ?? 0) + 1;
      const message = MessageFactory.attachment(orderCard(order));
      message.id = order.card;
      await context.updateActivity(message);
    }

    async pay(context) {
      const order = await orderOf.get(context);
      if (order === undefined) return void (await context.sendActivity('Nothing was ordered.'));
      const closed = MessageFactory.attachment(CardFactory.heroCard('Paid', `Total: ${total(order)}`), 'Paid');
      closed.id = order.card;
      await context.updateActivity(closed);
      const photos = ['tea', 'cake'].map((name) =>
        CardFactory.thumbnailCard(name, [`https://cafe.example/${name}.png`]),
      );
      await context.sendActivities([
        MessageFactory.attachment(receipt(order)),
        { type: 'delay', value: 10 },
        MessageFactory.carousel(photos, 'Next time?'),
      ]);
      await orderOf.delete(context);
    }

    async forget(context) {
      const order = await orderOf.get(context);
      if (order === undefined) return void (await context.sendActivity('Nothing was ordered.'));
      await context.deleteActivity(order.reference);
      await orderOf.delete(context);
      await context.sendActivity('Forgotten.');
    }
  }
  return { bot: new OrdersBot(), state: [conversationState] };
};
