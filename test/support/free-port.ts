import net from 'node:net';

const LOWEST = 20_000;
const HIGHEST = 32_000;
const claimed = new Set<number>();

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/**
 * For nodes that must be found where their configuration says. Below the ports of outgoing connections, so that a node
 * that is away for a while finds its port free when it comes back.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (claimed.has(port) || !(await isFree(port))) continue;
    claimed.add(port);
    return port;
  }
}
