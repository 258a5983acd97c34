import { createServer } from 'node:net';

/** A port of the loopback address that nothing uses at the moment. */
export async function freePort(): Promise<number> {
  return (await tryListen(0, '127.0.0.1')) ?? 0;
}

/** Whether something listens on a port already, on any address of this machine. */
export async function isPortTaken(port: number): Promise<boolean> {
  return (await tryListen(port, undefined)) === undefined || (await tryListen(port, '127.0.0.1')) === undefined;
}

async function tryListen(port: number, host: string | undefined): Promise<number | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}
