const { app } = require('@azure/functions');

app.http('echo', {
  route: 'echo/{name?}',
  methods: ['GET', 'POST'],
  handler: async (request) => ({
    jsonBody: {
      method: request.method,
      url: request.url,
      name: request.params.name,
      query: request.query.get('q'),
      header: request.headers.get('x-test'),
      forwarded: request.headers.get('x-forwarded-for'),
      body: await request.text(),
    },
  }),
});

app.http('literal', { route: 'echo/literal', methods: ['GET'], handler: () => ({ body: 'literal' }) });
app.http('rest', { route: 'files/{*path}', methods: ['GET'], handler: (request) => ({ body: request.params.path }) });
app.http('number', {
  route: 'number/{id:int}',
  methods: ['GET'],
  handler: (request) => ({ body: request.params.id }),
});
app.http('nothing', { handler: () => undefined });
app.http('throws', {
  handler: () => {
    throw new Error('thrown by the function');
  },
});
app.http('created', {
  methods: ['PUT'],
  handler: () => ({
    status: 201,
    headers: { 'x-answer': 'yes' },
    cookies: [{ name: 'a', value: 'b c', path: '/', httpOnly: true, sameSite: 'Lax', maxAge: 60 }],
    body: new Uint8Array([0, 1, 255]),
  }),
});
app.http('slow', {
  methods: ['GET'],
  handler: async (request, context) => {
    context.log('begun');
    await new Promise((resolve) => setTimeout(resolve, Number(request.query.get('ms'))));
    return { body: 'done' };
  },
});
app.http('environment', {
  methods: ['GET'],
  handler: (request) => ({ jsonBody: { value: process.env[request.query.get('name')] ?? null } }),
});
