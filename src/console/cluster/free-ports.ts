/**
 * Ports for the listeners of a cluster. They lie below those that the system gives to outgoing connections: a node that
 * is away for a moment must find its port free when it comes back.
 */
import { KtsError } from '../../base/kts-error.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { consecutivePorts, hasBroker, hasController, type NodeRoles } from './layout.ts';

const LOWEST = 20_000;
const HIGHEST = 32_000;
const ATTEMPTS = 1_000;

async function isFree({ sockets }: Runtime, port: number): Promise<boolean> {
  try {
    const listener = await sockets.listen({ host: '127.0.0.1', port }, (connection) => connection.destroy());
    await listener.close();
    return true;
  } catch {
    return false;
  }
}

async function freePorts(runtime: Runtime, count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; found.size < count && attempt < ATTEMPTS; attempt++) {
    const port = LOWEST + runtime.random.int(HIGHEST - LOWEST);
    if (!found.has(port) && (await isFree(runtime, port))) found.add(port);
  }
  if (found.size < count) throw new KtsError('no free ports were found', { hint: '--port names one' });
  return [...found];
}

/** One for each listener, in the order of the nodes and of their listeners. */
export async function claimPorts(runtime: Runtime, roles: readonly NodeRoles[], first?: number): Promise<number[]> {
  const count = roles.filter(hasBroker).length + roles.filter(hasController).length;
  if (first === undefined) return freePorts(runtime, count);
  const ports = consecutivePorts(roles, first);
  for (const port of ports) {
    if (port > 0 && port < 65_536 && (await isFree(runtime, port))) continue;
    throw new KtsError(`port ${port} is taken, or is none`, { hint: `${count} ports from --port on are needed` });
  }
  return ports;
}
