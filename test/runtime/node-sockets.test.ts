import { describe, expect, it } from 'vitest';
import { nodeSockets } from '../../src/runtime/node-sockets.ts';
import type { Connection } from '../../src/runtime/runtime.ts';

const LOOPBACK = '127.0.0.1';

async function pair(): Promise<{ client: Connection; server: Connection; close: () => Promise<void> }> {
  let accepted: (connection: Connection) => void;
  const arrived = new Promise<Connection>((resolve) => {
    accepted = resolve;
  });
  const listener = await nodeSockets.listen({ host: LOOPBACK, port: 0 }, (connection) => accepted(connection));
  const client = await nodeSockets.connect({ host: LOOPBACK, port: listener.port, timeoutMs: 5000 });
  const server = await arrived;
  return {
    client,
    server,
    close: async () => {
      client.destroy();
      server.destroy();
      await listener.close();
    },
  };
}

function received(connection: Connection, bytes: number): Promise<Buffer> {
  return new Promise((resolve) => {
    let all = Buffer.alloc(0);
    connection.onData((chunk) => {
      all = Buffer.concat([all, chunk]);
      if (all.length >= bytes) resolve(all);
    });
  });
}

const closed = (connection: Connection): Promise<Error | undefined> =>
  new Promise((resolve) => connection.onClose(resolve));

describe('nodeSockets', () => {
  it('carries bytes both ways and knows both addresses', async () => {
    const { client, server, close } = await pair();
    expect([server.remoteAddress, server.remotePort]).toEqual([LOOPBACK, client.localPort]);
    expect([client.remoteAddress, client.remotePort]).toEqual([LOOPBACK, server.localPort]);
    const there = received(server, 5);
    client.write(Buffer.from('hello'));
    expect((await there).toString()).toBe('hello');
    const back = received(client, 5);
    server.write(Buffer.from('there'));
    expect((await back).toString()).toBe('there');
    await close();
  });

  it('reports an address in use and a port where nobody listens', async () => {
    const listener = await nodeSockets.listen({ host: LOOPBACK, port: 0 }, () => {});
    await expect(nodeSockets.listen({ host: LOOPBACK, port: listener.port }, () => {})).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await listener.close();
    const refused = nodeSockets.connect({ host: LOOPBACK, port: listener.port, timeoutMs: 5000 });
    await expect(refused).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    // A name with several addresses fails with one plain error as well.
    const named = nodeSockets.connect({ host: 'localhost', port: listener.port, timeoutMs: 5000 });
    await expect(named).rejects.toThrow(/ECONNREFUSED/);
  });

  it('counts what the kernel has not taken, and says when it has', async () => {
    const { client, server, close } = await pair();
    server.onData(() => {});
    server.pause();
    const chunk = Buffer.alloc(1024 * 1024);
    while (client.bufferedBytes < 4 * chunk.length) client.write(chunk);
    const drained = new Promise<void>((resolve) => client.onDrain(resolve));
    let written = false;
    client.write(chunk, () => {
      written = true;
    });
    server.resume();
    await drained;
    expect([client.bufferedBytes, written]).toEqual([0, true]);
    await close();
  });

  it('ends once the output is out, although the peer goes on sending', async () => {
    const { client, server, close } = await pair();
    const all = received(client, 3_000_000);
    const gone = Promise.all([closed(client), closed(server)]);
    server.onData(() => {});
    client.write(Buffer.alloc(100_000));
    server.write(Buffer.alloc(3_000_000));
    server.end();
    server.write(Buffer.from('lost'));
    expect((await all).length).toBe(3_000_000);
    await gone;
    await close();
  });

  it('calls back for every write, also when the connection is cut', async () => {
    const { client, server, close } = await pair();
    server.pause();
    const callbacks: Promise<void>[] = [];
    const write = (): void => {
      callbacks.push(new Promise((resolve) => client.write(Buffer.alloc(1024 * 1024), resolve)));
    };
    while (client.bufferedBytes < 4_000_000) write();
    const gone = closed(client);
    client.destroy();
    write();
    await Promise.all(callbacks);
    await gone;
    await close();
  });
});
