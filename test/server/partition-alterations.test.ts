import { beforeEach, describe, expect, it } from 'vitest';
import type { IsrAnswer, IsrProposal } from '../../src/broker/isr-proposal.ts';
import type { ControllerChannel } from '../../src/broker/services.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { KafkaError } from '../../src/protocol/kafka-error.ts';
import type { AlterPartitionRequest, AlterPartitionResponse } from '../../src/protocol/messages/alter-partition.ts';
import { PartitionAlterations } from '../../src/server/partition-alterations.ts';
import { LineLogger } from '../storage/support.ts';
import { ManualTime } from '../support/manual-time.ts';

const TOPIC = 'TTTTTTTTTTTTTTTTTTTTAA';

interface Asked {
  readonly request: AlterPartitionRequest;
  readonly settle: (answer: object) => void;
  readonly fail: (error: Error) => void;
}

let time: ManualTime;
let asked: Asked[];
let epoch: number;
let alterations: PartitionAlterations;

beforeEach(() => {
  time = new ManualTime();
  asked = [];
  epoch = 7;
  const channel = {
    send: (_request: unknown, _response: unknown, version: number, request: AlterPartitionRequest) => {
      expect(version).toBe(3);
      return new Promise((settle, fail) => asked.push({ request, settle, fail }));
    },
  } as unknown as ControllerChannel;
  const logger = new LineLogger();
  alterations = new PartitionAlterations({ nodeId: 1, brokerEpoch: () => epoch, channel, timers: time, logger });
});

interface Proposed extends IsrProposal {
  readonly answers: number[];
  overtaken: boolean;
}

/** A partition's proposal; what is answered with `again` is to be sent once more. */
function proposal(partition: number, again: readonly number[] = []): Proposed {
  const answers: number[] = [];
  const proposed: Proposed = {
    topicId: TOPIC,
    partition,
    leaderEpoch: 3,
    partitionEpoch: 9,
    isr: [{ brokerId: 1, brokerEpoch: 7 }],
    leaderRecoveryState: 0,
    answers,
    overtaken: false,
    isCurrent: () => !proposed.overtaken,
    answered: ({ errorCode }: IsrAnswer) => {
      answers.push(errorCode);
      return again.includes(errorCode);
    },
  };
  return proposed;
}

const settled = async () => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

const partitionsOf = ({ request }: Asked) =>
  request.topics.flatMap(({ partitions }) => partitions.map((p) => p.partitionIndex));

function answer(errorCodes: Readonly<Record<number, number>>): AlterPartitionResponse {
  const partitions = Object.entries(errorCodes).map(([index, errorCode]) => ({
    partitionIndex: Number(index),
    errorCode,
    leaderId: 1,
    leaderEpoch: 3,
    isr: [1],
    leaderRecoveryState: 0,
    partitionEpoch: 10,
  }));
  return { throttleTimeMs: 0, errorCode: 0, topics: [{ topicId: TOPIC, partitions }] };
}

describe('what leaders propose', () => {
  it('goes in one request, and what comes meanwhile in the next', async () => {
    const [one, two, three] = [proposal(0), proposal(1), proposal(2)];
    alterations.propose(one);
    alterations.propose(two);
    await settled();
    expect(asked).toHaveLength(1);
    expect(asked[0]?.request).toMatchObject({
      brokerId: 1,
      brokerEpoch: 7,
      topics: [
        {
          topicId: TOPIC,
          partitions: [
            {
              partitionIndex: 0,
              leaderEpoch: 3,
              partitionEpoch: 9,
              newIsrWithEpochs: [{ brokerId: 1, brokerEpoch: 7 }],
            },
            { partitionIndex: 1 },
          ],
        },
      ],
    });
    alterations.propose(three);
    await settled();
    expect(asked).toHaveLength(1);
    asked[0]?.settle(answer({ 0: 0, 1: ErrorCode.INELIGIBLE_REPLICA }));
    await settled();
    expect([one.answers, two.answers]).toEqual([[0], [ErrorCode.INELIGIBLE_REPLICA]]);
    // One was refused: its partition may propose again at once, and waits a moment for that.
    expect(asked).toHaveLength(1);
    time.advance(50);
    await settled();
    expect(asked.slice(1).map(partitionsOf)).toEqual([[2]]);
  });

  it('is sent again where its partition wants it, and where the answer leaves it out', async () => {
    const [one, two, three] = [proposal(0, [ErrorCode.UNKNOWN_SERVER_ERROR]), proposal(1), proposal(2)];
    for (const each of [one, two, three]) alterations.propose(each);
    await settled();
    asked[0]?.settle(answer({ 0: ErrorCode.UNKNOWN_SERVER_ERROR, 1: 0 }));
    await settled();
    expect(asked).toHaveLength(1);
    time.advance(50);
    await settled();
    expect(asked.slice(1).map(partitionsOf)).toEqual([[0, 2]]);
  });

  it.each([
    [
      'the controller has moved',
      () => asked[0]?.settle({ throttleTimeMs: 0, errorCode: ErrorCode.NOT_CONTROLLER, topics: [] }),
    ],
    ['nobody answers', () => asked[0]?.fail(new KafkaError(ErrorCode.REQUEST_TIMED_OUT, 'no answer'))],
  ])('is sent again when %s, but for what the metadata has overtaken', async (_what, happens) => {
    const [one, two] = [proposal(0), proposal(1)];
    alterations.propose(one);
    alterations.propose(two);
    await settled();
    happens();
    await settled();
    one.overtaken = true;
    const newer = proposal(1);
    alterations.propose(newer);
    time.advance(50);
    await settled();
    expect(asked.slice(1).map(partitionsOf)).toEqual([[1]]);
    asked[1]?.settle(answer({ 1: 0 }));
    await settled();
    expect([one.answers, two.answers, newer.answers]).toEqual([[], [], [0]]);
  });

  it('goes on when a partition fails at its answer, which is asked for again', async () => {
    let fails = true;
    const broken = proposal(0);
    const one: IsrProposal = {
      ...broken,
      answered: (it) => {
        if (fails) throw new Error('out of order');
        return broken.answered(it);
      },
    };
    const two = proposal(1);
    for (const each of [one, two]) alterations.propose(each);
    await settled();
    asked[0]?.settle(answer({ 0: 0, 1: 0 }));
    await settled();
    expect(two.answers).toEqual([0]);
    fails = false;
    alterations.propose(proposal(2));
    time.advance(50);
    await settled();
    expect(asked.slice(1).map(partitionsOf)).toEqual([[0, 2]]);
    asked[1]?.settle(answer({ 0: 0, 2: 0 }));
    await settled();
    expect(broken.answers).toEqual([0]);
  });

  it('is sent also after a request that could not even be made', async () => {
    const broken: IsrProposal = {
      ...proposal(0),
      isCurrent: () => {
        throw new Error('out of order');
      },
    };
    alterations.propose(broken);
    await settled();
    alterations.propose({ ...proposal(0) });
    await settled();
    expect(asked.map(partitionsOf)).toEqual([[0]]);
  });

  it('waits for the broker to be registered', async () => {
    epoch = -1;
    alterations.propose(proposal(0));
    await settled();
    expect(asked).toEqual([]);
    epoch = 8;
    time.advance(50);
    await settled();
    expect(asked[0]?.request.brokerEpoch).toBe(8);
  });

  it('goes nowhere once the node stops', async () => {
    alterations.stop();
    alterations.propose(proposal(0));
    await settled();
    expect(asked).toEqual([]);
  });
});
