import { describe, expect, it } from 'vitest';
import { directoryIdOf, endpointOf, QuorumWorld } from './quorum-world.ts';

const SEEDS = Array.from({ length: 6 }, (_, index) => index + 1);
const STEPS = 150;

/** One thing that happens to the cluster. */
async function fault(world: QuorumWorld): Promise<void> {
  const { random } = world;
  const ids = [...world.members.keys()];
  const id = ids[random.int(ids.length)] as number;
  const other = ids[random.int(ids.length)] as number;
  switch (random.int(world.isDynamic ? 19 : 16)) {
    case 16:
    case 17:
    case 18:
      changeVoters(world, id);
      return;
    case 12:
      await burst(world);
      // The power is back at once: what was not synced is gone, whoever had heard of it.
      for (const one of world.up) world.crash(one.id);
      for (const one of ids) world.start(one);
      return;
    case 13:
    case 14:
      if (world.member(id).isUp) world.crash(id);
      world.start(id);
      return;
    case 15: {
      // A follower loses what it had not synced while the leader is away.
      const leader = world.leader();
      if (leader === null || leader.id === id || !world.member(id).isUp) return;
      await burst(world);
      for (const one of ids) world.cut.add(`${leader.id}>${one}`).add(`${one}>${leader.id}`);
      world.crash(id);
      world.start(id);
      return;
    }
    case 0:
      if (world.member(id).isUp) world.crash(id);
      return;
    case 1:
      for (const one of ids) if (!world.member(one).isUp) world.start(one);
      return;
    case 2:
      world.cut.add(`${id}>${other}`);
      return;
    case 3:
      // On its own.
      for (const one of ids) world.cut.add(`${id}>${one}`).add(`${one}>${id}`);
      return;
    case 4:
    case 5:
      world.cut.clear();
      return;
    case 6:
      world.lossPercent = random.int(3) * 10;
      return;
    case 7: {
      const leader = world.leader();
      leader?.node.resign(leader.node.leaderAndEpoch().epoch);
      return;
    }
    case 8: {
      const member = world.member(id);
      if (!member.isUp || member.node.highWatermark() <= 0) return;
      await snapshot(world, id);
      return;
    }
    default:
  }
}

/** The node becomes a voter, or is one no more; whether that can be now is the leader's to say. */
function changeVoters(world: QuorumWorld, id: number): void {
  const leader = world.leader();
  if (leader === null) return;
  const voter = { id, directoryId: directoryIdOf(id) };
  const voters = leader.node.voters();
  const isVoter = voters.some((one) => one.id === id);
  if (isVoter && voters.length <= 3) return;
  const addition = { endpoints: [endpointOf(id)], timeoutMs: 1_000, ackWhenCommitted: true };
  const answer = isVoter
    ? leader.node.handle({ kind: 'removeVoter', clusterId: 'c', voter })
    : leader.node.handle({ kind: 'addVoter', clusterId: 'c', voter, ...addition });
  void Promise.resolve(answer);
}

/** Of all that the node was told so far. */
async function snapshot(world: QuorumWorld, id: number): Promise<void> {
  const { node, watcher, log } = world.member(id);
  const endOffset = watcher.next;
  if (endOffset <= log.startOffset()) return;
  const { epoch } = log.endOffsetForEpoch(node.leaderAndEpoch().epoch);
  const end = log.batches.findLast((batch) => Number(batch.readBigInt64BE(0)) < endOffset);
  const values = watcher.state.map((value) => Buffer.from(value));
  await node.createSnapshot({ endOffset, epoch: end?.readInt32BE(12) ?? epoch }, 0, values);
}

let written = 0;

function write(world: QuorumWorld): void {
  const leader = world.leader();
  if (leader === null) return;
  try {
    leader.node.scheduleAppend(leader.node.leaderAndEpoch().epoch, [Buffer.from(`v${written++}`)]);
  } catch (error) {
    expect((error as Error).name).toBe('NotLeaderError');
  }
}

/** Writes that are on their way to everybody's disk. */
async function burst(world: QuorumWorld): Promise<void> {
  for (let count = 0; count < 3; count++) write(world);
  await world.run(world.random.int(40));
}

describe.each([
  { name: 'three static voters', voters: 3 },
  { name: 'three static voters that take turns', voters: 3, prompt: true },
  {
    name: 'five voters of a dynamic quorum, with logs that snapshots cut',
    voters: 5,
    dynamic: true,
    retentionBytes: 0,
  },
])('$name', (options) => {
  it.each(SEEDS)('never disagree, and heal (seed %i)', { timeout: 60_000 }, async (seed) => {
    const world = new QuorumWorld({ seed, ...options });
    if (world.isDynamic) for (const id of [6, 7]) world.add(id);
    world.startAll();
    await world.run(2_500);
    for (let step = 0; step < STEPS; step++) {
      if (world.random.int(3) === 0) await fault(world);
      for (let count = world.random.int(4); count > 0; count--) write(world);
      await world.run(1 + world.random.int(world.random.int(10) === 0 ? 3_000 : 60));
    }
    await world.heal(30_000);
    write(world);
    // A fetch that was lost before the last fault may still run into its timeout.
    await world.heal(10_000);
  });
});
