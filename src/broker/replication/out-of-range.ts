/**
 * The leader has not the offset that a follower asks for. Either the follower is ahead of the leader's end, after an
 * unclean election, and is cut to it; or it has fallen behind the leader's start, and begins anew there.
 */
import { causeText, type Logger } from '../../base/logger.ts';
import { ErrorCode, errorName } from '../../protocol/error-codes.ts';
import { truncateFollower } from '../partition-follower.ts';
import type { FollowedPartition } from './followed-partition.ts';
import type { LeaderLink } from './leader-link.ts';

const LATEST = -1n;
const EARLIEST = -2n;

export interface OutOfRange {
  readonly leader: LeaderLink;
  readonly followed: readonly FollowedPartition[];
  /** The partition still follows this leader; looked at after every wait. */
  readonly isCurrent: (followed: FollowedPartition) => boolean;
  readonly logger: Logger;
}

/** Returns the partitions for which the leader had no answer, or whose logs could not be cut. */
export async function resetOutOfRange(range: OutOfRange): Promise<FollowedPartition[]> {
  const refused: FollowedPartition[] = [];
  const behind: FollowedPartition[] = [];
  await askEach(range, { followed: range.followed, timestamp: LATEST, refused }, (one, leaderEnd) => {
    if (leaderEnd < one.log.logEndOffset) cutToLeader(one, leaderEnd, range.logger);
    else behind.push(one);
  });
  await askEach(range, { followed: behind, timestamp: EARLIEST, refused }, (one, leaderStart) => {
    if (leaderStart > one.log.wholeEnd) startAtLeader(one, leaderStart, range.logger);
  });
  return refused;
}

function cutToLeader(one: FollowedPartition, leaderEnd: number, logger: Logger): void {
  const { log } = one;
  logger.warn(
    `Reset fetch offset for partition ${one.name} from ${log.logEndOffset} to current leader's latest offset ${leaderEnd}`,
  );
  truncateFollower(log, leaderEnd, logger);
}

function startAtLeader(one: FollowedPartition, leaderStart: number, logger: Logger): void {
  const { log } = one;
  logger.warn(
    `Reset fetch offset for partition ${one.name} from ${log.logEndOffset} to current leader's start offset ${leaderStart}`,
  );
  log.truncateFullyAndStartAt(leaderStart);
}

interface Question {
  readonly followed: readonly FollowedPartition[];
  readonly timestamp: bigint;
  readonly refused: FollowedPartition[];
}

async function askEach(
  { leader, isCurrent, logger }: OutOfRange,
  { followed, timestamp, refused }: Question,
  take: (one: FollowedPartition, offset: number) => void,
): Promise<void> {
  if (followed.length === 0) return;
  const asked = new Map(followed.map((one) => [one, one.leaderEpoch]));
  const byTopic = Map.groupBy(followed, (one) => one.topic);
  const answer = await leader.listOffsets(
    [...byTopic].map(([name, partitions]) => ({
      name,
      partitions: partitions.map((one) => ({
        partitionIndex: one.id,
        currentLeaderEpoch: one.leaderEpoch,
        timestamp,
      })),
    })),
  );
  const answers = new Map(answer.topics.map(({ name, partitions }) => [name, partitions]));
  for (const [one, epoch] of asked) {
    if (!isCurrent(one) || one.leaderEpoch !== epoch) continue;
    const found = answers.get(one.topic)?.find(({ partitionIndex }) => partitionIndex === one.id);
    const code = found?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
    if (found === undefined || code !== ErrorCode.NONE) {
      if (one.isNews(`offsets ${code}`)) {
        logger.info(`The leader of ${one.name} does not tell its offsets: ${errorName(code)}`);
      }
      refused.push(one);
      continue;
    }
    try {
      take(one, found.offset);
    } catch (error) {
      if (one.isNews(causeText(error))) logger.error(`${one.name} could not be cut`, error);
      refused.push(one);
    }
  }
}
