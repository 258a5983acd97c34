import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request or an answer on its way through the proxy. */
export interface Passing {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** How an account differs from what it should be. */
export interface Fault {
  /** Changes a request; answers it in place of the service where it returns an answer. */
  readonly request?: (
    request: Passing,
    send: (request: Passing) => Promise<Answered>,
  ) => Promise<Passing | Answered> | Passing | Answered;
  readonly answer?: (answer: Answered, request: Passing) => Answered;
}

export interface FaultyCosmos {
  readonly endpoint: string;
  fault: Fault;
  close(): Promise<void>;
}

/** Starts a proxy in front of an account that gives it one fault. */
export async function startFaultyCosmos(endpoint: string): Promise<FaultyCosmos> {
  const agent = new http.Agent({ keepAlive: true });
  const { hostname, port } = new URL(endpoint);
  const send = ({ method, path, headers, body }: Passing): Promise<Answered> =>
    new Promise((resolve, reject) => {
      const { 'content-length': _length, 'transfer-encoding': _coding, host: _host, ...kept } = headers;
      const own = body === '' ? kept : { ...kept, 'content-length': String(Buffer.byteLength(body)) };
      const outgoing = http.request({ hostname, port, method, path, headers: own, agent }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString() }),
        );
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  const faulty = { fault: {} as Fault };
  const handle = async (incoming: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = '', url: path = '', headers } = incoming;
    const request = { method, path, headers, body: Buffer.concat(chunks).toString() };
    const { fault } = faulty;
    const changed = (await fault.request?.(request, send)) ?? request;
    const answer = 'status' in changed ? changed : await send(changed);
    const given = fault.answer?.(answer, request) ?? answer;
    const { 'transfer-encoding': _coding, connection: _connection, ...kept } = given.headers;
    response.writeHead(given.status, { ...kept, 'content-length': String(Buffer.byteLength(given.body)) });
    response.end(given.body);
  };
  const server = http.createServer((incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(faulty, {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
