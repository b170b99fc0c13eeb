/** Asks whether a process listens at an address. Only a refusal proves that there is none. */
import type { Address } from '../network/address.ts';
import type { Sockets } from '../runtime/runtime.ts';

export type Probe = 'refused' | 'answered' | 'unknown';

const TIMEOUT_MS = 1000;

export async function probe(sockets: Sockets, { host, port }: Address): Promise<Probe> {
  try {
    const connection = await sockets.connect({ host, port, timeoutMs: TIMEOUT_MS });
    connection.onClose(() => {});
    connection.destroy();
    return 'answered';
  } catch (error) {
    return (error as { code?: unknown }).code === 'ECONNREFUSED' ? 'refused' : 'unknown';
  }
}
