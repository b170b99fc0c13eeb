/** Raft's messages through requests and responses of Kafka, from one node's transport to another one's listener. */
import { beforeEach, describe, expect, it } from 'vitest';
import { SILENT_LOGGER } from '../../src/base/logger.ts';
import { ZERO_UUID } from '../../src/base/uuid.ts';
import { handlerTable } from '../../src/network/handler.ts';
import { RequestServer } from '../../src/network/request-server.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import type { NodeAddress, RaftAnswer, RaftAsk } from '../../src/raft/messages.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { raftRows } from '../../src/server/raft-rows.ts';
import { RaftLinks } from '../../src/server/raft-transport.ts';
import { ManualTime } from '../support/manual-time.ts';
import { MemorySockets } from '../support/memory-sockets.ts';

const DIRECTORY = 'JEXY6aqzQY-32P5TStzaFg';
const OTHER = 'KEXY6aqzQY-32P5TStzaFg';
const ENDPOINT = { name: 'CONTROLLER', host: 'h', port: 65_535 };
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const clusterId = 'c';
const replica = { id: 3, directoryId: OTHER };
const HEAD = { errorCode: 0, errorMessage: null, leaderId: 2, epoch: 7, nodes: [{ id: 2, host: 'h', port: 9093 }] };
const FETCHED = { highWatermark: 9, logStartOffset: 4, diverging: null, snapshotId: null, records: Buffer.alloc(0) };
const ID = { endOffset: 100, epoch: 6 };

const vote: RaftAsk = {
  kind: 'vote',
  clusterId,
  voter: { id: 2, directoryId: DIRECTORY },
  epoch: 8,
  candidate: replica,
  lastEpoch: 7,
  endOffset: 2 ** 40,
  preVote: false,
};
const begin: RaftAsk = { kind: 'begin', clusterId, voter: replica, leaderId: 2, epoch: 7, endpoints: [ENDPOINT] };
const end: RaftAsk = {
  kind: 'end',
  clusterId,
  leaderId: 2,
  epoch: 7,
  candidates: [replica, { id: 1, directoryId: DIRECTORY }],
};
const fetch: RaftAsk = {
  kind: 'fetch',
  clusterId,
  replica,
  epoch: 7,
  offset: 12,
  lastEpoch: 6,
  highWatermark: 9,
  maxBytes: 1_000,
  maxWaitMs: 500,
};
const snapshot: RaftAsk = { kind: 'snapshot', clusterId, replica, epoch: 7, id: ID, position: 5, maxBytes: 10 };
const add: RaftAsk = {
  kind: 'addVoter',
  clusterId,
  voter: replica,
  endpoints: [ENDPOINT],
  timeoutMs: 5,
  ackWhenCommitted: false,
};
const remove: RaftAsk = { kind: 'removeVoter', clusterId, voter: replica };
const update: RaftAsk = {
  kind: 'updateVoter',
  clusterId,
  epoch: 7,
  voter: replica,
  endpoints: [ENDPOINT],
  kraftVersion: { min: 0, max: 1 },
};
const slice = { id: ID, size: 20, position: 5, bytes: Buffer.from('parts') };
const refusal = {
  errorCode: ErrorCode.DUPLICATE_VOTER,
  errorMessage: 'already there',
  leaderId: -1,
  epoch: -1,
  nodes: [],
};

const EXCHANGES: [name: string, ask: RaftAsk, answer: RaftAnswer][] = [
  ['a vote', vote, { ...HEAD, granted: true }],
  ['a pre-vote', { ...vote, preVote: true }, { ...HEAD, granted: false }],
  ['a vote that is refused', vote, { ...HEAD, errorCode: ErrorCode.FENCED_LEADER_EPOCH, granted: false }],
  ['a new epoch', begin, HEAD],
  ['the end of one, with successors', end, HEAD],
  ['a fetch', fetch, { ...HEAD, fetched: { ...FETCHED, records: Buffer.from('batches') } }],
  ['a fetch that diverges', fetch, { ...HEAD, fetched: { ...FETCHED, diverging: { epoch: 5, offset: 11 } } }],
  ['a fetch that is too late', fetch, { ...HEAD, fetched: { ...FETCHED, snapshotId: ID } }],
  [
    'a fetch without a leader',
    fetch,
    {
      ...HEAD,
      errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
      leaderId: -1,
      nodes: [],
      fetched: { ...FETCHED, highWatermark: -1, logStartOffset: -1 },
    },
  ],
  ['a part of a snapshot', snapshot, { ...HEAD, slice }],
  ['a new voter', add, refusal],
  ['a voter less', remove, refusal],
  ['a voter that has moved', update, HEAD],
];

class World {
  readonly time = new ManualTime();
  readonly sockets = new MemorySockets();
  readonly refused: NodeAddress[] = [];
  asked: RaftAsk[] = [];
  answer: RaftAnswer = HEAD;
  #server: RequestServer | null = null;
  readonly #runtime = { clock: this.time, timers: this.time, sockets: this.sockets } as unknown as Runtime;
  readonly links = new RaftLinks({ runtime: this.#runtime, nodeId: 3, connectTimeoutMs: 1_000 });
  readonly to = { id: 2, host: 'h', port: 9_093 };

  constructor() {
    this.links.start({ refused: (address) => this.refused.push(address) });
  }

  async listen(rows = raftRows): Promise<void> {
    const handle = (ask: RaftAsk): RaftAnswer => {
      this.asked.push(ask);
      return this.answer;
    };
    this.#server = new RequestServer({
      runtime: this.#runtime,
      logger: SILENT_LOGGER,
      socketRequestMaxBytes: 1 << 20,
      queuedMaxRequestBytes: -1,
      maxConnections: 100,
      maxConnectionsPerIp: 100,
      maxConnectionsPerIpOverrides: new Map(),
      connectionsMaxIdleMs: -1,
      backlog: 50,
      features: () => ({
        supported: [{ name: 'kraft.version', minVersion: 0, maxVersion: 1 }],
        finalizedEpoch: -1,
        finalized: [],
      }),
      onBug: (error) => {
        throw error;
      },
    });
    const table = handlerTable(rows({ handle }));
    await this.#server.listen({ name: 'CONTROLLER', host: 'h', port: this.to.port, table, isProtected: true });
  }

  async stop(): Promise<void> {
    await this.#server?.close(0);
  }

  async send(ask: RaftAsk): Promise<RaftAnswer | Error> {
    return this.links.send(this.to, ask, 1_000).catch((error: Error) => error);
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});

describe('raft on the wire', () => {
  it.each(EXCHANGES)('carries %s there and the answer back', async (_name, ask, answer) => {
    await world.listen();
    world.answer = answer;
    const came = await world.send(ask);
    expect(world.asked).toEqual([ask]);
    const { granted, fetched, slice: part, ...head } = came as RaftAnswer;
    // Only the answer to a change of the voters has a text.
    expect({
      ...head,
      errorMessage: ask.kind === 'addVoter' || ask.kind === 'removeVoter' ? head.errorMessage : null,
    }).toEqual({
      errorCode: answer.errorCode,
      errorMessage: answer.errorMessage,
      leaderId: answer.leaderId,
      epoch: answer.epoch,
      nodes: answer.nodes,
    });
    expect(granted).toBe(answer.granted);
    if (answer.fetched !== undefined)
      expect({ ...fetched, records: text(fetched?.records) }).toEqual({
        ...answer.fetched,
        records: text(answer.fetched.records),
      });
    if (answer.slice !== undefined)
      expect({ ...part, bytes: text(part?.bytes) }).toEqual({ ...answer.slice, bytes: 'parts' });
  });

  it('says as a whole that the cluster is another one', async () => {
    await world.listen();
    world.answer = { ...HEAD, errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID };
    for (const ask of [vote, begin, end, fetch, snapshot]) {
      expect(await world.send(ask)).toMatchObject({
        errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID,
        leaderId: -1,
        epoch: -1,
      });
    }
  });

  it('takes nobody for a voter that is too old for pre-votes who has no votes at all', async () => {
    await world.listen((raft) => raftRows(raft).filter(({ apiKey }) => apiKey !== 52));
    expect(await world.send({ ...vote, preVote: true })).toBeInstanceOf(Error);
  });

  it('tells what a node supports of kraft.version', async () => {
    await world.listen();
    expect(await world.links.kraftVersionsOf(world.to, 1_000)).toEqual({ min: 0, max: 1 });
  });
});

describe('a node that is gone', () => {
  it('is noticed when its connection ends and the next one is refused', async () => {
    await world.listen();
    await world.send(begin);
    await world.stop();
    await settle();
    expect(world.refused).toEqual([world.to]);
  });

  it('is reached again once it listens', async () => {
    await world.listen();
    await world.send(begin);
    await world.stop();
    await settle();
    world.refused.length = 0;
    await world.listen();
    world.time.advance(50);
    await settle();
    expect(await world.send(begin)).toMatchObject({ errorCode: 0 });
    expect(world.refused).toEqual([]);
  });

  it('is dialled again when its connection ended in the very turn in which it opened', async () => {
    await world.listen();
    const { sockets } = world;
    const connect = sockets.connect.bind(sockets);
    sockets.connect = async (options) => {
      const connection = await connect(options);
      sockets.connect = connect;
      const onData = connection.onData.bind(connection);
      connection.onData = (receive) =>
        onData((bytes) => {
          receive(bytes);
          connection.destroy();
        });
      return connection;
    };
    expect(await world.send(begin)).toBeInstanceOf(Error);
    await settle();
    expect(await world.send(begin)).toMatchObject({ errorCode: 0 });
  });

  it('is dialled less and less often', async () => {
    const times: number[] = [];
    const began = world.time.nowMs();
    for (let count = 0; count < 6; count++) {
      const sent = world.send({ ...vote, voter: { id: 2, directoryId: ZERO_UUID } });
      while (world.refused.length === count) {
        world.time.advance(5);
        await settle();
      }
      expect(await sent).toBeInstanceOf(Error);
      times.push(world.time.nowMs() - began);
    }
    const pauses = times.slice(1).map((time, index) => time - (times[index] as number));
    expect(pauses).toEqual([20, 40, 80, 160, 200]);
  });
});

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}
