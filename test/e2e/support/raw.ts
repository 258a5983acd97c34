import net from 'node:net';

/** What came back over a connection. */
export interface RawAnswer {
  /** 0 when nothing came back that begins like an answer. */
  readonly status: number;
  /** The JSON object that it holds. */
  readonly body: string;
}

/** Sends bytes as they are, for what no client library would send, and resolves with what came back when the other side closes. */
export function raw(port: number, bytes: string | Uint8Array, end = false): Promise<RawAnswer> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = net.connect(port, '127.0.0.1', () => {
      if (end) socket.end(bytes);
      else socket.write(bytes);
    });
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    // A server may cut the connection of somebody who goes on sending what it has refused.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      const [head = '', body = ''] = answer.split(/\r\n\r\n(.*)/s);
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? 0);
      // The body may have come in chunks, which have lines of their own around it.
      resolve({ status, body: /\{.*\}/s.exec(body)?.[0] ?? '' });
    });
  });
}
