const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { app } = require('@azure/functions');

/** The least that answers the chat page: counts messages in a file, sends a typing indicator, then the answer. */
app.http('messages', {
  methods: ['POST'],
  handler: async (request) => {
    const activity = await request.json();
    if (activity.type === 'message') void answer(activity);
    return { status: 200 };
  },
});

async function answer(activity) {
  const file = join(process.env.TURNWISE_DATA, 'count.txt');
  const count = readCount(file) + 1;
  writeFileSync(file, String(count));
  await send(activity, { type: 'typing' });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await send(activity, { type: 'message', text: `${count}: you said "${activity.text}"`, replyToId: activity.id });
}

function readCount(file) {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return 0;
  }
}

async function send(to, activity) {
  const path = `/v3/conversations/${encodeURIComponent(to.conversation.id)}/activities`;
  await fetch(to.serviceUrl.replace(/\/$/, '') + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...activity, from: to.recipient, recipient: to.from, conversation: to.conversation }),
  });
}
