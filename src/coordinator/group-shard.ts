/**
 * The state of one partition of `__consumer_offsets`, and what its records mean. Loading replays the partition's batches;
 * afterwards every record that is appended is replayed once, with the sequence of its append, and becomes visible to
 * clients when that is committed.
 */
import { int16At, isControlAt, isTransactionalAt, producerIdAt } from '../protocol/batch.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { forEachRecord } from '../protocol/record.ts';
import { ClassicGroup } from './classic-group.ts';
import { ClassicMember, joinError, syncError } from './classic-member.ts';
import { GroupOffsets } from './group-offsets.ts';
import { GroupQueries } from './group-queries.ts';
import { decodeRecord, type GroupMetadataValue, type GroupRecord, type OffsetCommitRecord } from './group-records.ts';
import { JoinGroup } from './join-group.ts';
import { Membership } from './membership.ts';
import { Rebalance } from './rebalance.ts';
import type { ShardContext } from './shard-context.ts';

const CONTROL_COMMIT = 1;

export class GroupShard {
  readonly context: ShardContext;
  readonly rebalance: Rebalance;
  readonly joins: JoinGroup;
  readonly membership: Membership;
  readonly offsets: GroupOffsets;
  readonly queries: GroupQueries;
  #unknownRecords = 0;

  constructor(context: ShardContext) {
    this.context = context;
    this.rebalance = new Rebalance(context);
    this.joins = new JoinGroup(context, this.rebalance);
    this.membership = new Membership(context, this.rebalance);
    this.offsets = new GroupOffsets(context, this.rebalance);
    this.queries = new GroupQueries(context, this.offsets);
  }

  /** Replays a committed batch of the log. Returns the number of its records. */
  load(bytes: Uint8Array, at: number): number {
    const producerId = isTransactionalAt(bytes, at) ? producerIdAt(bytes, at) : null;
    let count = 0;
    forEachRecord(bytes, at, (record) => {
      count++;
      const { keyStart, keyLength, valueStart, valueLength } = record;
      if (keyLength < 2) return;
      const key = record.bytes.subarray(keyStart, keyStart + keyLength);
      if (isControlAt(bytes, at)) {
        // A key of a control record is its version and its type.
        if (producerId !== null && keyLength >= 4) {
          this.context.offsets.endTransaction(producerId, int16At(key, 2) === CONTROL_COMMIT);
        }
        return;
      }
      const value = valueLength < 0 ? null : record.bytes.subarray(valueStart, valueStart + valueLength);
      const decoded = decodeRecord(key, value, record.offset);
      if (decoded === null) this.#unknownRecords++;
      else if (producerId !== null && decoded.kind === 'offset-commit') this.#loadTransactional(decoded, producerId);
      else this.replay(decoded, null);
    });
    return count;
  }

  /** `sequence` of the append; null when the record is committed already. */
  replay(record: GroupRecord, sequence: number | null): void {
    const { groups, offsets } = this.context;
    switch (record.kind) {
      case 'offset-commit':
        if (record.value !== null) this.#ensureGroup(record.group, sequence);
        offsets.put(record, record.value, sequence);
        break;
      case 'group-metadata':
        if (record.value === null) this.#remove(record.group, sequence);
        else groups.put(record.group, loadGroup(record.group, record.value), sequence);
        break;
      case 'foreign':
        groups.replayForeign(record);
        break;
    }
  }

  commit(sequence: number): void {
    this.context.groups.commit(sequence);
    this.context.offsets.commit(sequence);
  }

  /** Members that were in the log have a session from now on. */
  onLoaded(): void {
    const { groups, config, logger } = this.context;
    if (this.#unknownRecords > 0) logger.warn(`Ignored ${this.#unknownRecords} records of unknown types.`);
    for (const group of groups.committed()) {
      for (const member of group.members()) this.rebalance.keepAlive(group, member);
      if (group.memberCount > config.maxSize) {
        const reason =
          `Freshly-loaded group ${group.groupId} (size ${group.memberCount}) is over capacity ${config.maxSize}. ` +
          'Rebalancing in order to give a chance for consumers to commit offsets';
        this.context.submit('classic-group-rebalance', () => this.rebalance.prepare(group, reason));
      }
    }
  }

  /** This node coordinates the partition no longer: whoever waits is sent on. */
  onUnloaded(): void {
    for (const group of this.context.groups.all()) {
      this.rebalance.forget(group);
      for (const member of group.members()) {
        group.answerJoin(member, joinError(ErrorCode.NOT_COORDINATOR, member.memberId));
        group.answerSync(member, syncError(ErrorCode.NOT_COORDINATOR));
      }
      group.transitionTo('Dead', this.context.clock.nowMs());
    }
  }

  #loadTransactional(record: OffsetCommitRecord, producerId: number): void {
    if (record.value === null) {
      this.replay(record, null);
      return;
    }
    this.#ensureGroup(record.group, null);
    this.context.offsets.transactional.add(producerId, record, record.value);
  }

  /** Whoever commits without having joined makes a group of its own, without members and protocol. */
  #ensureGroup(groupId: string, sequence: number | null): void {
    const { groups, clock } = this.context;
    if (groups.get(groupId) !== undefined || groups.foreign(groupId) !== undefined) return;
    groups.put(groupId, new ClassicGroup(groupId, clock.nowMs()), sequence);
  }

  #remove(groupId: string, sequence: number | null): void {
    const group = this.context.groups.get(groupId);
    if (group !== undefined) this.rebalance.forget(group);
    this.context.groups.put(groupId, null, sequence);
  }
}

/** A group as its record left it: the members of its last generation, or nobody. */
export function loadGroup(groupId: string, value: GroupMetadataValue): ClassicGroup {
  const group = new ClassicGroup(groupId, 0, {
    state: value.members.length === 0 ? 'Empty' : 'Stable',
    generationId: value.generation,
    protocolType: value.protocolType === '' ? null : value.protocolType,
    protocolName: value.protocol,
    leaderId: value.leader,
    stateTimestampMs: value.currentStateTimestamp,
  });
  for (const member of value.members) {
    group.add(
      new ClassicMember({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        protocolType: value.protocolType,
        rebalanceTimeoutMs: member.rebalanceTimeout === -1 ? member.sessionTimeout : member.rebalanceTimeout,
        sessionTimeoutMs: member.sessionTimeout,
        protocols: [{ name: value.protocol ?? '', metadata: Uint8Array.from(member.subscription) }],
        assignment: Uint8Array.from(member.assignment),
      }),
      null,
    );
  }
  group.updateSubscribedTopics();
  return group;
}
