/**
 * The little that the broker reads of the consumers' own protocol: which topics a group is subscribed to, so that
 * offsets of other topics may expire. Read at version 0, which begins every later version.
 */
import { int16At } from '../protocol/batch.ts';
import { decodePrefix } from '../protocol/codec.ts';
import { ProtocolError } from '../protocol/kafka-error.ts';
import { consumerProtocolSubscription } from '../protocol/messages/consumer-protocol.ts';
import type { ClassicMember } from './classic-member.ts';

export const CONSUMER_PROTOCOL_TYPE = 'consumer';
const NO_TOPICS: ReadonlySet<string> = new Set();

/** Null: not a consumer group, no protocol chosen yet, or a subscription that is not the consumers' protocol. */
export function subscribedTopics(
  protocolType: string | null,
  protocolName: string | null,
  members: readonly ClassicMember[],
): ReadonlySet<string> | null {
  if (protocolType !== CONSUMER_PROTOCOL_TYPE) return null;
  if (members.length === 0) return NO_TOPICS;
  if (protocolName === null) return null;
  const topics = new Set<string>();
  for (const member of members) {
    const subscription = readTopics(member.metadata(protocolName));
    if (subscription === null) return null;
    for (const topic of subscription) topics.add(topic);
  }
  return topics;
}

function readTopics(metadata: Uint8Array | undefined): readonly string[] | null {
  // A version of the protocol below 0 is none (Kafka refuses it too).
  if (metadata === undefined || metadata.length < 2 || int16At(metadata, 0) < 0) return null;
  try {
    return decodePrefix(consumerProtocolSubscription, 0, metadata, 2).value.topics;
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}
