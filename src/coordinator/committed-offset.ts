/** What a group has committed for one partition of a topic, and where it belongs. */
import type { Uuid } from '../base/uuid.ts';

export interface CommittedOffset {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
  readonly commitTimestampMs: number;
  /** -1: none; old clients could ask for a retention of their own. */
  readonly expireTimestampMs: number;
  /** ZERO_UUID: not known. */
  readonly topicId: Uuid;
  /** The offset of the record that said so; orders transactional commits against plain ones. */
  readonly recordOffset: number;
}

export interface OffsetKey {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
}

/** A topic's name never holds a slash, so this is unambiguous whatever the group is called. */
export function offsetKeyText(key: OffsetKey): string {
  return `${key.topic}/${key.partition}/${key.group}`;
}
