/** Which ends of connections fence a broker, and which prove nothing. */
import { beforeEach, describe, expect, it } from 'vitest';
import { SILENT_LOGGER } from '../../src/base/logger.ts';
import type { BrokerRegistration } from '../../src/metadata/image.ts';
import type { ApiRow, RequestContext } from '../../src/network/handler.ts';
import { ApiKey } from '../../src/protocol/api-keys.ts';
import { BrokerLiveness } from '../../src/server/broker-liveness.ts';
import { ManualTime } from '../support/manual-time.ts';

type Outcome = 'refused' | 'answered' | 'silent';

class World {
  readonly time = new ManualTime();
  readonly fenced: string[] = [];
  readonly dialled: number[] = [];
  readonly brokers = new Map<number, BrokerRegistration>();
  isActive = true;
  /** What the rows answer, when they refuse. */
  refusal: Promise<never> | null = null;
  /** Of each dial; the last one stays. */
  outcomes: Outcome[] = ['refused'];
  readonly #closers = new Map<string, (() => void)[]>();
  readonly liveness: BrokerLiveness;
  readonly #rows: readonly ApiRow[];

  constructor() {
    const world = this;
    this.liveness = new BrokerLiveness({
      controller: {
        get isActive() {
          return world.isActive;
        },
        get image() {
          return { brokers: world.brokers } as never;
        },
        submit: async (name) => {
          world.fenced.push(name);
          return undefined as never;
        },
      },
      interBrokerListenerName: 'INTERNAL',
      nodeId: 1,
      runtime: {
        timers: this.time,
        sockets: { listen: () => Promise.reject(new Error('not here')), connect: ({ port }) => this.#dial(port) },
      },
      logger: SILENT_LOGGER,
    });
    const row = (apiKey: number) => ({ apiKey, handle: () => this.refusal ?? {} }) as unknown as ApiRow;
    this.#rows = this.liveness.watch([row(ApiKey.BrokerHeartbeat), row(ApiKey.BrokerRegistration)]);
    for (const id of [1, 2, 3]) this.register(id, 10 + id);
  }

  register(id: number, epoch: number, fenced = false): void {
    const endpoints = [
      { name: 'EXTERNAL', host: 'x', port: 1, securityProtocol: 0 },
      { name: 'INTERNAL', host: 'x', port: 9000 + id, securityProtocol: 0 },
    ];
    const broker = { id, epoch, fenced, endpoints, incarnationId: 'old', logDirs: [`dir${id}`] };
    this.brokers.set(id, broker as unknown as BrokerRegistration);
  }

  async #dial(port: number): Promise<never> {
    this.dialled.push(port);
    const outcome = this.outcomes.length > 1 ? this.outcomes.shift() : this.outcomes[0];
    if (outcome === 'answered') return { onClose: () => {}, destroy: () => {} } as never;
    throw Object.assign(new Error(outcome), { code: outcome === 'refused' ? 'ECONNREFUSED' : 'ETIMEDOUT' });
  }

  #context(connectionId: string): RequestContext {
    const closers = this.#closers.get(connectionId) ?? [];
    this.#closers.set(connectionId, closers);
    return { connectionId, onConnectionClosed: (run: () => void) => closers.push(run) } as unknown as RequestContext;
  }

  async heartbeat(brokerId: number, connectionId: string): Promise<void> {
    await this.#rows[0]?.handle({ brokerId } as never, this.#context(connectionId));
  }

  /** Another process asks to be this broker. */
  async comesBack(brokerId: number, connectionId: string, changes: object = {}): Promise<void> {
    const listeners = [{ name: 'INTERNAL', host: 'x', port: 9000 + brokerId, securityProtocol: 0 }];
    const request = { brokerId, incarnationId: 'new', logDirs: [`dir${brokerId}`, 'added'], listeners, ...changes };
    await Promise.resolve(this.#rows[1]?.handle(request as never, this.#context(connectionId))).catch(() => {});
  }

  async close(connectionId: string): Promise<void> {
    for (const run of this.#closers.get(connectionId) ?? []) run();
    await this.pass(0);
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left >= 0; left -= 10) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (left > 0) this.time.advance(10);
    }
  }
}

describe('the end of the connection that carried heartbeats', () => {
  let world: World;

  beforeEach(async () => {
    world = new World();
    await world.heartbeat(2, 'a');
    await world.heartbeat(2, 'a');
  });

  it('fences the broker when its inter-broker listener refuses another one', async () => {
    await world.close('a');
    expect(world.dialled).toEqual([9002]);
    expect(world.fenced).toEqual(['fenceLostBroker']);
  });

  it('fences it also when the listener goes a moment after the connection', async () => {
    world.outcomes = ['answered', 'answered', 'refused'];
    await world.close('a');
    expect(world.fenced).toEqual([]);
    await world.pass(100);
    expect(world.fenced).toEqual(['fenceLostBroker']);
  });

  it('fences a broker without such a listener when all of its listeners refuse, and not for one alone', async () => {
    const rename = (names: readonly string[]): void => {
      const endpoints = names.map((name, i) => ({ name, host: 'x', port: 100 + i, securityProtocol: 0 }));
      world.brokers.set(2, { ...world.brokers.get(2), endpoints } as unknown as BrokerRegistration);
    };
    rename(['CLIENTS', 'OTHERS']);
    world.outcomes = ['refused', 'silent'];
    await world.close('a');
    expect(world.fenced).toEqual([]);
    world.outcomes = ['refused'];
    await world.heartbeat(2, 'c');
    await world.close('c');
    expect(world.dialled).toEqual([100, 101, 100, 101]);
    expect(world.fenced).toEqual(['fenceLostBroker']);
  });

  it('proves nothing while the listener answers', async () => {
    world.outcomes = ['answered'];
    await world.close('a');
    await world.pass(5000);
    expect(world.fenced).toEqual([]);
    expect(world.dialled).toHaveLength(5);
  });

  it('proves nothing when the broker cannot be reached at all', async () => {
    world.outcomes = ['silent'];
    await world.close('a');
    await world.pass(5000);
    expect(world.fenced).toEqual([]);
    expect(world.dialled).toHaveLength(1);
  });

  it('means nothing when the broker has come back over another connection', async () => {
    await world.heartbeat(2, 'b');
    await world.close('a');
    expect(world.dialled).toEqual([]);
  });

  it('is forgotten when the broker comes back while it is looked for', async () => {
    world.outcomes = ['answered', 'refused'];
    await world.close('a');
    await world.heartbeat(2, 'b');
    await world.pass(1000);
    expect(world.fenced).toEqual([]);
  });

  it.each([
    ['is fenced already', (it: World) => it.register(2, 12, true)],
    ['is another incarnation by then', (it: World) => it.register(2, 99)],
    ['is none of ours to judge', (it: World) => ((it as { isActive: boolean }).isActive = false)],
  ])('does nothing to a broker that %s', async (_what, change) => {
    world.outcomes = ['answered', 'refused'];
    await world.close('a');
    change(world);
    await world.pass(1000);
    expect(world.fenced).toEqual([]);
  });
});

describe('a broker that comes back before anybody has missed it', () => {
  it('takes the place of its predecessor, whose directories and address it has', async () => {
    const world = new World();
    await world.comesBack(2, 'n');
    expect(world.fenced).toEqual(['fenceLostBroker']);
    expect(world.dialled).toEqual([]);
  });

  it('waits while the predecessor is connected, and takes its place when that ends', async () => {
    const world = new World();
    world.outcomes = ['answered'];
    await world.heartbeat(2, 'a');
    world.refusal = Promise.reject(new Error('DUPLICATE_BROKER_REGISTRATION'));
    await world.comesBack(2, 'n');
    expect(world.fenced).toEqual([]);
    await world.close('a');
    await world.comesBack(2, 'n');
    expect(world.fenced).toEqual(['fenceLostBroker']);
  });

  it.each([
    ['with other directories', { logDirs: ['elsewhere'] }],
    ['at another address', { listeners: [{ name: 'INTERNAL', host: 'y', port: 9002, securityProtocol: 0 }] }],
    ['as the incarnation that is registered', { incarnationId: 'old' }],
  ])('waits for the session like any other when it is there %s', async (_what, changes) => {
    const world = new World();
    await world.comesBack(2, 'n', changes);
    expect(world.fenced).toEqual([]);
  });
});

describe('a controller that becomes active', () => {
  it('dials every unfenced broker that it has not heard of, but not its own', async () => {
    const world = new World();
    world.register(4, 14, true);
    await world.heartbeat(3, 'c');
    world.liveness.becameActive();
    await world.pass(0);
    expect(world.dialled).toEqual([9002]);
    expect(world.fenced).toEqual(['fenceLostBroker']);
  });

  it('dials nobody once it stops', async () => {
    const world = new World();
    world.liveness.stop();
    world.liveness.becameActive();
    await world.pass(0);
    expect(world.dialled).toEqual([]);
  });
});
