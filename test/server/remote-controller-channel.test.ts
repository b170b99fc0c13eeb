/** The way to the active controller over links that the test opens, loses and answers. */
import { describe, expect, it } from 'vitest';
import { SILENT_LOGGER } from '../../src/base/logger.ts';
import { handlerTable, type RequestContext } from '../../src/network/handler.ts';
import { type Link, LinkError, type LinkOptions } from '../../src/network/link.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { encodeResponseFrame } from '../../src/protocol/frames.ts';
import { KafkaError } from '../../src/protocol/kafka-error.ts';
import {
  allocateProducerIdsRequest,
  allocateProducerIdsResponse,
} from '../../src/protocol/messages/allocate-producer-ids.ts';
import { createTopicsResponse } from '../../src/protocol/messages/create-topics.ts';
import type { EnvelopeRequest } from '../../src/protocol/messages/envelope.ts';
import { LocalControllerChannel } from '../../src/server/local-controller-channel.ts';
import { type ControllerAddress, RemoteControllerChannel } from '../../src/server/remote-controller-channel.ts';
import { ManualTime } from '../support/manual-time.ts';

type Answer = (value: unknown, api: number, version: number) => unknown;

const GONE = new LinkError('the broker closed the connection');
const OK = { throttleTimeMs: 0, errorCode: 0, producerIdStart: 1000, producerIdLen: 1000 };
const NOT_ME = { ...OK, errorCode: ErrorCode.NOT_CONTROLLER };

/** Nodes by port: each answers, refuses connections (absent), or says nothing until its links are closed. */
class World {
  readonly time = new ManualTime();
  readonly nodes = new Map<number, Answer>();
  /** They take connections and say nothing. */
  readonly hung = new Set<number>();
  readonly opened: number[] = [];
  readonly closed: number[] = [];
  readonly asked: string[] = [];
  /** What the nodes speak. */
  maxVersion = Number.POSITIVE_INFINITY;
  active: ControllerAddress | null = null;
  readonly channel: RemoteControllerChannel;

  constructor(local: LocalControllerChannel | null = null) {
    this.channel = new RemoteControllerChannel({
      nodeId: 7,
      locate: () => this.active,
      local,
      runtime: { clock: this.time, timers: this.time } as never,
      openLink: (options) => this.#open(options),
      logger: SILENT_LOGGER,
      retryTimeoutMs: 1000,
      requestTimeoutMs: 300,
      connectTimeoutMs: 100,
    });
  }

  leads(id: number): void {
    this.active = { id, host: 'localhost', port: id };
    this.channel.controllerChanged();
  }

  async #open({ address: { host, port }, onClosed }: LinkOptions): Promise<Link> {
    this.opened.push(port);
    if (!this.nodes.has(port)) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    if (this.hung.has(port)) await new Promise(() => {});
    let isOpen = true;
    const lost = Promise.withResolvers<never>();
    lost.promise.catch(() => {});
    const close = (): void => {
      if (!isOpen) return;
      isOpen = false;
      this.closed.push(port);
      lost.reject(GONE);
      onClosed?.(GONE);
    };
    return {
      address: { host, port },
      isOpen: true,
      version: (which, limit = 0) =>
        this.maxVersion < 0 ? undefined : Math.min(limit, which.request.validVersions?.max ?? 0),
      send: (which, version, value) => {
        this.asked.push(`${port} ${which.request.name}`);
        const answer = this.nodes.get(port) as Answer;
        const given = Promise.resolve(answer(value, which.request.apiKey, version)) as Promise<never>;
        return Promise.race([given, lost.promise]).catch((error: unknown) => {
          if (error === GONE) close();
          throw error;
        });
      },
      range: (apiKey) => (apiKey === 19 ? { min: 2, max: 7 } : undefined),
      sendPrepared: () => Promise.reject(GONE),
      sendPreparedUnanswered: () => Promise.reject(GONE),
      close,
    };
  }

  allocate(isWanted?: () => boolean) {
    const value = { brokerId: 7, brokerEpoch: 5 };
    return this.channel.send(allocateProducerIdsRequest, allocateProducerIdsResponse, 0, value, isWanted);
  }

  /** Lets promises run, then time pass, step by step. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left >= 0; left -= 10) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (left > 0) this.time.advance(Math.min(10, left));
    }
  }
}

describe('a request', () => {
  it('goes to the node that leads, over one connection', async () => {
    const world = new World();
    world.nodes.set(1, () => OK);
    world.leads(1);
    expect(await world.allocate()).toEqual(OK);
    await world.allocate();
    expect(world.opened).toEqual([1]);
    expect(world.asked).toEqual(['1 AllocateProducerIdsRequest', '1 AllocateProducerIdsRequest']);
  });

  it('waits until somebody leads, and is off as soon as that is known', async () => {
    const world = new World();
    world.nodes.set(1, () => OK);
    const answer = world.allocate();
    await world.pass(200);
    expect(world.opened).toEqual([]);
    world.leads(1);
    expect(await answer).toEqual(OK);
  });

  it('is sent no more once nobody wants it, wherever it stands', async () => {
    for (const stage of ['between two tries', 'while the connection opens']) {
      const world = new World();
      world.nodes.set(1, () => NOT_ME).set(2, () => OK);
      world.leads(1);
      let isWanted = true;
      const answer = world.allocate(() => isWanted);
      const refused = expect(answer).rejects.toMatchObject({ code: ErrorCode.REQUEST_TIMED_OUT });
      if (stage === 'between two tries') await world.pass(0);
      isWanted = false;
      const asked = world.asked.length;
      world.leads(2);
      await world.pass(50);
      await refused;
      expect(world.asked).toHaveLength(asked);
    }
  });

  it('is sent again where the controller is by then, when the one that was asked is none any more', async () => {
    const world = new World();
    world.nodes.set(1, () => NOT_ME).set(2, () => OK);
    world.leads(1);
    const answer = world.allocate();
    await world.pass(0);
    world.leads(2);
    expect(await answer).toEqual(OK);
    expect(world.opened).toEqual([1, 2]);
  });

  it('is sent again when the connection is lost, and when none is to be had', async () => {
    const world = new World();
    let left = 2;
    world.nodes.set(1, () => (left-- > 0 ? Promise.reject(GONE) : OK));
    world.leads(1);
    const answer = world.allocate();
    await world.pass(0);
    const node = world.nodes.get(1) as Answer;
    world.nodes.delete(1);
    await world.pass(100);
    world.nodes.set(1, node);
    await world.pass(200);
    expect(await answer).toEqual(OK);
    expect(world.asked).toHaveLength(3);
  });

  it('does not wait for a node that has stopped to lead, though its connection stands', async () => {
    const world = new World();
    world.nodes.set(1, () => new Promise(() => {})).set(2, () => OK);
    world.leads(1);
    const answer = world.allocate();
    await world.pass(0);
    world.leads(2);
    await world.pass(100);
    expect(await answer).toEqual(OK);
    expect(world.closed).toEqual([1]);
  });

  it('does not wait for such a node to answer its first question either', async () => {
    const world = new World();
    world.nodes.set(1, () => OK).set(2, () => OK);
    world.hung.add(1);
    world.leads(1);
    const answer = world.allocate();
    await world.pass(0);
    world.leads(2);
    await world.pass(50);
    expect(await answer).toEqual(OK);
    expect(world.opened).toEqual([1, 2]);
  });

  it('fails with REQUEST_TIMED_OUT when its time is over, and says why', async () => {
    const world = new World();
    world.leads(1);
    const failure = world.allocate().catch((error: unknown) => error);
    await world.pass(1200);
    expect(await failure).toMatchObject({
      code: ErrorCode.REQUEST_TIMED_OUT,
      message: expect.stringContaining('refused'),
    });
  });

  it('is refused at once when the node stops', async () => {
    const world = new World();
    const failure = world.allocate().catch((error: unknown) => error);
    await world.pass(0);
    world.channel.close();
    expect(await failure).toMatchObject({ code: ErrorCode.NOT_CONTROLLER });
    await expect(world.allocate()).rejects.toMatchObject({ code: ErrorCode.NOT_CONTROLLER });
  });

  it('that the controller does not know is refused', async () => {
    const world = new World();
    world.nodes.set(1, () => OK);
    world.maxVersion = -1;
    world.leads(1);
    await expect(world.allocate()).rejects.toMatchObject({ code: ErrorCode.UNSUPPORTED_VERSION });
  });

  it('stays in the process while its own controller leads, and leaves it when another one does', async () => {
    let answers = 0;
    const row = {
      apiKey: 67,
      name: 'AllocateProducerIds',
      request: allocateProducerIdsRequest,
      response: allocateProducerIdsResponse,
      minVersion: 0,
      maxVersion: 0,
      ordering: 'serial' as const,
      handle: () => {
        if (answers++ > 0) throw new KafkaError(ErrorCode.NOT_CONTROLLER, 'not any more');
        return OK;
      },
      errorResponse: (_request: unknown, errorCode: number) => ({ ...OK, errorCode }),
    };
    const local = new LocalControllerChannel({ table: handlerTable([row as never]), listenerName: 'C', nodeId: 7 });
    const world = new World(local);
    world.nodes.set(2, () => ({ ...OK, producerIdStart: 5000 }));
    world.leads(7);
    expect(await world.allocate()).toEqual(OK);
    const answer = world.allocate();
    await world.pass(0);
    world.leads(2);
    expect(await answer).toMatchObject({ producerIdStart: 5000 });
    expect(world.opened).toEqual([2]);
  });
});

describe('what the controller can take', () => {
  it('is known once it has been asked, and not any more when another one leads', async () => {
    const world = new World();
    world.nodes.set(1, () => OK);
    expect(world.channel.versionsOf(19)).toBe(null);
    world.leads(1);
    await world.allocate();
    expect(world.channel.versionsOf(19)).toEqual({ min: 2, max: 7 });
    expect(world.channel.versionsOf(99)).toBe(undefined);
    world.leads(2);
    expect(world.channel.versionsOf(19)).toBe(null);
  });
});

describe('a forwarded request', () => {
  const frame = Buffer.from('a request with its header');
  const context = {
    apiVersion: 7,
    correlationId: 12,
    frame,
    principal: { type: 'User', name: 'alice' },
    clientAddress: '10.0.0.9',
  } as unknown as RequestContext;

  it('goes as it came, with principal and address, and brings the answer of the controller', async () => {
    const world = new World();
    const seen: EnvelopeRequest[] = [];
    const topics = [{ name: 't', errorCode: ErrorCode.TOPIC_ALREADY_EXISTS, errorMessage: 'there', configs: [] }];
    const inner = encodeResponseFrame(createTopicsResponse, 7, 12, { throttleTimeMs: 0, topics });
    world.nodes.set(1, (value) => {
      seen.push(value as EnvelopeRequest);
      return { responseData: inner.subarray(4), errorCode: 0 };
    });
    world.leads(1);
    const answer = await world.channel.forward(context, createTopicsResponse);
    expect(answer.topics[0]).toMatchObject({ name: 't', errorCode: ErrorCode.TOPIC_ALREADY_EXISTS });
    expect(seen[0]?.requestData).toEqual(frame);
    expect([...(seen[0]?.clientHostAddress ?? [])]).toEqual([10, 0, 0, 9]);
    expect(String(seen[0]?.requestPrincipal)).toContain('alice');
  });

  it('finds the next controller when the envelope says that this is none', async () => {
    const world = new World();
    const inner = encodeResponseFrame(createTopicsResponse, 7, 12, { throttleTimeMs: 0, topics: [] });
    world.nodes.set(1, () => ({ responseData: null, errorCode: ErrorCode.NOT_CONTROLLER }));
    world.nodes.set(2, () => ({ responseData: inner.subarray(4), errorCode: 0 }));
    world.leads(1);
    const answer = world.channel.forward(context, createTopicsResponse);
    await world.pass(0);
    world.leads(2);
    expect(await answer).toMatchObject({ topics: [] });
  });

  it('keeps errors between the nodes from the client', async () => {
    const world = new World();
    world.nodes.set(1, () => ({ responseData: null, errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED }));
    world.leads(1);
    await expect(world.channel.forward(context, createTopicsResponse)).rejects.toMatchObject({
      code: ErrorCode.UNKNOWN_SERVER_ERROR,
    });
  });
});
