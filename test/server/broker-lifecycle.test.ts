/** A broker's life against a controller that answers what the test says. */
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import type { ControllerChannel } from '../../src/broker/services.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { KafkaError } from '../../src/protocol/kafka-error.ts';
import { brokerHeartbeatRequest } from '../../src/protocol/messages/broker-heartbeat.ts';
import { BrokerLifecycle } from '../../src/server/broker-lifecycle.ts';
import { ManualTime } from '../support/manual-time.ts';

interface Heartbeat {
  readonly brokerEpoch: number;
  readonly currentMetadataOffset: number;
  readonly wantFence: boolean;
  readonly wantShutDown: boolean;
}

const FENCED = { errorCode: 0, isCaughtUp: false, isFenced: true, shouldShutDown: false };
const CAUGHT_UP = { ...FENCED, isCaughtUp: true };
const UNFENCED = { ...CAUGHT_UP, isFenced: false };

class World {
  readonly time = new ManualTime();
  readonly heartbeats: Heartbeat[] = [];
  /** Whether each of them is still to be sent. */
  readonly wanted: (() => boolean)[] = [];
  readonly lines: string[] = [];
  registrations = 0;
  appliedOffset = 5;
  isQuorumGone = false;
  /** What the controller answers; an error is thrown, and nothing never comes. */
  register: () => unknown = () => ({ errorCode: 0, brokerEpoch: 10 + this.registrations });
  heartbeat: (request: Heartbeat) => unknown = () => UNFENCED;
  readonly lifecycle: BrokerLifecycle;

  constructor() {
    const send = async (
      request: { apiKey: number },
      _response: unknown,
      _version: number,
      value: unknown,
      isWanted: () => boolean = () => true,
    ) => {
      if (request.apiKey !== brokerHeartbeatRequest.apiKey) {
        this.registrations++;
        return this.register();
      }
      this.heartbeats.push(value as Heartbeat);
      this.wanted.push(isWanted);
      return this.heartbeat(value as Heartbeat);
    };
    this.lifecycle = new BrokerLifecycle({
      runtime: { clock: this.time, timers: this.time } as never,
      logger: createLogger({ name: 'x', nowMs: () => this.time.nowMs(), write: (line) => this.lines.push(line) }),
      channel: { send, forward: () => Promise.reject(new Error('not here')) } as unknown as ControllerChannel,
      registration: {
        brokerId: 1,
        clusterId: 'c',
        incarnationId: 'i',
        listeners: [],
        features: [],
        rack: null,
        logDirs: [],
        previousBrokerEpoch: -1,
      },
      heartbeatIntervalMs: 2000,
      heartbeatTimeoutMs: 3000,
      registrationTimeoutMs: 60_000,
      shutdownTimeoutMs: 300_000,
      appliedOffset: () => this.appliedOffset,
      offlineLogDirs: () => [],
      describeQuorum: () => 'no leader is known (1@host:9093)',
      isQuorumGone: async () => this.isQuorumGone,
    });
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left >= 0; left -= 10) {
      for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => setImmediate(resolve));
      if (left > 0) this.time.advance(10);
    }
  }

  async running(): Promise<void> {
    const started = this.lifecycle.start().then(() => this.lifecycle.unfence());
    await this.pass(50);
    await started;
    this.heartbeats.length = 0;
  }
}

describe('a start', () => {
  it('registers, asks at short intervals until it has caught up, and then to be unfenced', async () => {
    const world = new World();
    const answers = [FENCED, FENCED, CAUGHT_UP, { ...CAUGHT_UP }, UNFENCED];
    world.heartbeat = () => answers.shift() ?? UNFENCED;
    const started = world.lifecycle.start();
    await world.pass(30);
    await started;
    expect(world.heartbeats.map(({ wantFence }) => wantFence)).toEqual([true, true, true]);
    const unfenced = world.lifecycle.unfence();
    await world.pass(20);
    await unfenced;
    expect(world.heartbeats.slice(3).map(({ wantFence }) => wantFence)).toEqual([false, false]);
    expect(world.heartbeats.at(-1)).toMatchObject({ brokerEpoch: 11, currentMetadataOffset: 5 });
  });

  it('tries again while the registration is refused, and says each reason once', async () => {
    const world = new World();
    world.register = () => {
      if (world.registrations < 4) return { errorCode: ErrorCode.DUPLICATE_BROKER_REGISTRATION, brokerEpoch: -1 };
      if (world.registrations < 6) throw new KafkaError(ErrorCode.REQUEST_TIMED_OUT, 'nobody leads');
      return { errorCode: 0, brokerEpoch: 44 };
    };
    world.heartbeat = () => CAUGHT_UP;
    const started = world.lifecycle.start();
    await world.pass(3000);
    await started;
    expect(world.lifecycle.brokerEpoch).toBe(44);
    const refusals = world.lines.filter((line) => line.includes('Unable to register'));
    expect(refusals.map((line) => line.replace(/.*because (.*) \(.*\n?/, '$1').trim())).toEqual([
      'the controller returned error DUPLICATE_BROKER_REGISTRATION',
      'nobody leads',
    ]);
  });

  it('tells at intervals what it waits for', async () => {
    const world = new World();
    world.register = () => new Promise(() => {});
    void world.lifecycle.start();
    await world.pass(11_000);
    const told = world.lines.filter((line) => line.includes('Waiting to be registered: no leader is known'));
    expect(told).toHaveLength(2);
    world.lifecycle.stop();
  });

  it.each([
    ['for good, where no time helps', ErrorCode.INCONSISTENT_CLUSTER_ID, 50, 'INCONSISTENT_CLUSTER_ID'],
    ['when its time is over', ErrorCode.DUPLICATE_BROKER_REGISTRATION, 62_000, 'could not be registered'],
  ])('fails %s', async (_what, errorCode, ms, text) => {
    const world = new World();
    world.register = () => ({ errorCode, brokerEpoch: -1 });
    const failure = world.lifecycle.start().catch((error: unknown) => error as Error);
    await world.pass(ms);
    expect(String(((await failure) as Error).message)).toContain(text);
  });

  it('ends when the node is stopped', async () => {
    const world = new World();
    world.heartbeat = () => FENCED;
    const failure = world.lifecycle.start().catch((error: unknown) => error);
    await world.pass(20);
    world.lifecycle.stop();
    await world.pass(20);
    expect(await failure).toMatchObject({ code: ErrorCode.BROKER_NOT_AVAILABLE });
  });
});

describe('while it runs', () => {
  it('heartbeats at its interval, sooner after a failure, and at once when something has changed', async () => {
    const world = new World();
    await world.running();
    await world.pass(4000);
    expect(world.heartbeats).toHaveLength(2);
    world.heartbeat = () => {
      throw new KafkaError(ErrorCode.REQUEST_TIMED_OUT, 'nobody leads');
    };
    world.lifecycle.hurry();
    await world.pass(300);
    expect(world.heartbeats.length).toBeGreaterThan(4);
    world.lifecycle.stop();
  });

  it('registers again when the controller knows it no more', async () => {
    const world = new World();
    await world.running();
    world.heartbeat = ({ brokerEpoch }) =>
      brokerEpoch === 11 ? { ...FENCED, errorCode: ErrorCode.STALE_BROKER_EPOCH } : UNFENCED;
    await world.pass(2500);
    expect(world.registrations).toBe(2);
    expect(world.lifecycle.brokerEpoch).toBe(12);
    expect(world.heartbeats.at(-1)).toMatchObject({ brokerEpoch: 12, wantFence: false });
    world.lifecycle.stop();
  });
});

describe('a controlled shutdown', () => {
  it('asks until it is released', async () => {
    const world = new World();
    await world.running();
    let asked = 0;
    world.heartbeat = () => ({ ...UNFENCED, shouldShutDown: ++asked === 3 });
    const released = world.lifecycle.controlledShutdown();
    await world.pass(200);
    await released;
    expect(world.heartbeats.map(({ wantShutDown }) => wantShutDown)).toEqual([true, true, true]);
  });

  it('sends nothing else meanwhile and after it: a released broker would be unfenced again', async () => {
    const world = new World();
    await world.running();
    const answers = [Promise.withResolvers<unknown>(), Promise.withResolvers<unknown>()];
    let asked = 0;
    world.heartbeat = () => answers[asked++]?.promise ?? { ...UNFENCED, shouldShutDown: asked > 3 };
    world.lifecycle.hurry();
    const released = world.lifecycle.controlledShutdown();
    // What was under way ends, and the metadata has news, of this broker's shutdown among them.
    world.lifecycle.hurry();
    answers[0]?.resolve(UNFENCED);
    await world.pass(2500);
    world.lifecycle.hurry();
    answers[1]?.resolve(UNFENCED);
    await world.pass(100);
    await released;
    world.lifecycle.hurry();
    await world.pass(5000);
    expect(world.heartbeats.map(({ wantShutDown }) => wantShutDown)).toEqual([false, true, true, true]);
  });

  it('takes back the heartbeat before it, which may wait for another controller', async () => {
    const world = new World();
    await world.running();
    world.heartbeat = ({ wantShutDown }) =>
      wantShutDown ? { ...UNFENCED, shouldShutDown: true } : new Promise(() => {});
    world.lifecycle.hurry();
    const earlier = world.wanted.at(-1) as () => boolean;
    expect(earlier()).toBe(true);
    const released = world.lifecycle.controlledShutdown();
    expect(earlier()).toBe(false);
    expect(world.wanted.at(-1)?.()).toBe(true);
    await world.pass(100);
    await released;
  });

  it('begins while the broker still asks to be unfenced, and ends that', async () => {
    const world = new World();
    world.heartbeat = ({ wantShutDown }) => (wantShutDown ? FENCED : CAUGHT_UP);
    const starting = world.lifecycle.start();
    await world.pass(20);
    await starting;
    world.heartbeat = () => FENCED;
    const unfenced = expect(world.lifecycle.unfence()).rejects.toMatchObject({
      code: ErrorCode.BROKER_NOT_AVAILABLE,
    });
    await world.pass(50);
    world.heartbeats.length = 0;
    const released = world.lifecycle.controlledShutdown();
    await world.pass(100);
    expect(new Set(world.heartbeats.map(({ wantShutDown }) => wantShutDown))).toEqual(new Set([true]));
    world.heartbeat = () => ({ ...FENCED, shouldShutDown: true });
    await world.pass(100);
    await Promise.all([released, unfenced]);
  });

  it('does not register anew for a heartbeat before it', async () => {
    const world = new World();
    await world.running();
    const before = Promise.withResolvers<unknown>();
    world.heartbeat = ({ wantShutDown }) => (wantShutDown ? UNFENCED : before.promise);
    world.lifecycle.hurry();
    const { registrations } = world;
    const released = world.lifecycle.controlledShutdown();
    before.resolve({ ...FENCED, errorCode: ErrorCode.STALE_BROKER_EPOCH });
    await world.pass(100);
    expect(world.registrations).toBe(registrations);
    world.heartbeat = () => ({ ...UNFENCED, shouldShutDown: true });
    await world.pass(100);
    await released;
  });

  it('ends when no controller answers for some seconds', async () => {
    const world = new World();
    await world.running();
    world.heartbeat = () => {
      throw new KafkaError(ErrorCode.REQUEST_TIMED_OUT, 'nobody leads');
    };
    const ended = world.lifecycle.controlledShutdown();
    await world.pass(6000);
    await ended;
    expect(world.lines.some((line) => line.includes('goes without being released'))).toBe(true);
  });

  it('ends at once when so many controllers are gone that none can lead', async () => {
    const world = new World();
    await world.running();
    world.isQuorumGone = true;
    world.heartbeat = () => new Promise(() => {});
    const ended = world.lifecycle.controlledShutdown();
    await world.pass(600);
    await ended;
    expect(world.lines.some((line) => line.includes('The controllers are gone'))).toBe(true);
  });
});
