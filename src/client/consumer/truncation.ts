/**
 * Whether the log of a new leader still holds what was read from the old one (KIP-320): the leader says where the epoch of
 * our last record ends. If that is before our position, the records behind it are gone, and others may take their place.
 */

import { api } from '../../network/api.ts';
import { ErrorCode, errorRow } from '../../protocol/error-codes.ts';
import {
  type OffsetForLeaderEpochResponse,
  offsetForLeaderEpochRequest,
  offsetForLeaderEpochResponse,
} from '../../protocol/messages/offset-for-leader-epoch.ts';
import { groupByTopic } from '../admin-groups.ts';
import type { ClusterView } from '../cluster-view.ts';
import { toKafkaError } from '../error-text.ts';
import { partitionKey } from '../offsets.ts';
import type { PartitionState, Place } from './partition-state.ts';

const OFFSET_FOR_LEADER_EPOCH = api(offsetForLeaderEpochRequest, offsetForLeaderEpochResponse);
const CONSUMER = -1;

/** What a position is worth: it is there; the log ends before it; it has to be asked again. */
export type Verdict = 'valid' | 'again' | { readonly cutAt: Place | undefined };

/** Asks the leader of all these partitions about their positions. `checked` is the epoch that it was asked in. */
export async function checkPositions(
  cluster: ClusterView,
  node: number,
  states: readonly PartitionState[],
): Promise<Map<PartitionState, { readonly verdict: Verdict; readonly epoch: number }>> {
  const asked = new Map(
    states.map((state) => {
      const epoch = cluster.partition(state.topic, state.partition)?.leaderEpoch ?? -1;
      return [partitionKey(state.topic, state.partition), { state, epoch, position: state.position as Place }];
    }),
  );
  const topics = groupByTopic(
    [...asked.values()].map((entry) => ({ ...entry, topic: entry.state.topic, partition: entry.state.partition })),
  );
  const response = await cluster.call(
    OFFSET_FOR_LEADER_EPOCH,
    {
      replicaId: CONSUMER,
      topics: topics.map(([topic, list]) => ({
        topic,
        partitions: list.map(({ partition, epoch, position }) => {
          return { partition, currentLeaderEpoch: epoch, leaderEpoch: position.leaderEpoch };
        }),
      })),
    },
    { node, once: true, doing: 'offsetForLeaderEpoch' },
  );
  const verdicts = new Map<PartitionState, { readonly verdict: Verdict; readonly epoch: number }>();
  for (const topic of response.topics) {
    for (const answer of topic.partitions) {
      const entry = asked.get(partitionKey(topic.topic, answer.partition));
      if (entry === undefined) continue;
      // Moved meanwhile: what was asked is no answer any more.
      const verdict = entry.state.position === entry.position ? judge(answer, entry.position) : 'again';
      verdicts.set(entry.state, { verdict, epoch: entry.epoch });
    }
  }
  return verdicts;
}

type Answer = OffsetForLeaderEpochResponse['topics'][number]['partitions'][number];

function judge(answer: Answer, position: Place): Verdict {
  if (answer.errorCode !== 0) {
    if (errorRow(answer.errorCode).retriable) return 'again';
    throw toKafkaError(answer.errorCode);
  }
  if (answer.endOffset < 0 || answer.leaderEpoch < 0) return { cutAt: undefined };
  if (answer.endOffset >= position.offset) return 'valid';
  return { cutAt: { offset: answer.endOffset, leaderEpoch: answer.leaderEpoch } };
}

export function truncated(state: PartitionState, cutAt: Place | undefined): Error {
  const { topic, partition, position } = state;
  const where = cutAt === undefined ? 'an unknown offset' : `offset ${cutAt.offset}`;
  return toKafkaError(
    ErrorCode.OFFSET_OUT_OF_RANGE,
    `The log of ${topic}-${partition} was cut at ${where}, and the position is ${position?.offset} of epoch ${position?.leaderEpoch}`,
  );
}
