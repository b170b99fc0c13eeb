import { describe, expect, it } from 'vitest';
import { ZERO_UUID } from '../../src/base/uuid.ts';
import { errorName } from '../../src/protocol/error-codes.ts';
import type { AddVoterAsk, RaftAnswer } from '../../src/raft/messages.ts';
import { directoryIdOf, endpointOf, type Member, QuorumWorld, type WorldOptions } from './quorum-world.ts';

async function started(options: Partial<WorldOptions> = {}): Promise<QuorumWorld> {
  const world = new QuorumWorld({ seed: 1, voters: 3, prompt: true, ...options });
  world.startAll();
  await world.heal(10_000);
  return world;
}

function leaderOf(world: QuorumWorld): Member {
  const leader = world.leader();
  if (leader === null) throw new Error('nobody leads');
  return leader;
}

function write(member: Member, text: string): void {
  member.node.scheduleAppend(member.node.leaderAndEpoch().epoch, [Buffer.from(text)]);
}

function isolate(world: QuorumWorld, id: number): void {
  for (const other of world.members.keys()) world.cut.add(`${id}>${other}`).add(`${other}>${id}`);
}

describe('three voters', () => {
  it('commit what two of them have', async () => {
    const world = await started();
    const leader = leaderOf(world);
    const third = world.up.find(({ id }) => id !== leader.id) as Member;
    isolate(world, third.id);
    write(leader, 'a');
    await world.run(300);
    expect(leader.watcher.state).toEqual(['a']);
    expect(third.watcher.state).toEqual([]);
    await world.heal(10_000);
    expect(third.watcher.state).toEqual(['a']);
  });

  it('drop what a leader on its own has written, and keep what the others agreed on', async () => {
    const world = await started();
    const old = leaderOf(world);
    isolate(world, old.id);
    write(old, 'never');
    write(old, 'committed');
    await world.run(6_000);
    const fresh = leaderOf(world);
    expect(fresh.id).not.toBe(old.id);
    expect(old.node.leaderAndEpoch().leaderId, 'check quorum').toBe(-1);
    write(fresh, 'a');
    await world.run(200);
    await world.heal(10_000);
    for (const member of world.up) expect(member.watcher.state).toEqual(['a']);
  });

  it('elect another at once when the process of the leader is gone', async () => {
    const world = await started();
    const leader = leaderOf(world);
    world.crash(leader.id);
    await world.run(400);
    expect(leaderOf(world).id).not.toBe(leader.id);
  });

  it('hand over when the leader stops', async () => {
    const world = await started({ prompt: false });
    const leader = leaderOf(world);
    const closing = leader.node.close();
    await world.run(200);
    await closing;
    leader.isUp = false;
    expect(leaderOf(world).id).not.toBe(leader.id);
  });

  it.each([true, false])(
    'are not waited for by a leader that stops, once they are gone (fast detection: %s)',
    async (prompt) => {
      const world = await started({ prompt });
      const leader = leaderOf(world);
      for (const { id } of world.up) if (id !== leader.id) world.crash(id);
      await world.run(100);
      let isClosed = false;
      const closing = leader.node.close().then(() => {
        isClosed = true;
      });
      await world.run(300);
      expect(isClosed).toBe(true);
      await closing;
    },
  );

  it('are told what is committed as soon as a full disk has taken it', async () => {
    const world = await started();
    const leader = leaderOf(world);
    const full = world.up.find(({ id }) => id !== leader.id) as Member;
    isolate(world, full.id);
    write(leader, 'a');
    await world.run(300);
    full.log.isFull = true;
    world.cut.clear();
    await world.run(4_000);
    expect(full.node.highWatermark(), 'it knows that it is committed').toBe(leader.node.highWatermark());
    expect(full.watcher.state).toEqual([]);
    // Nobody tells it more.
    isolate(world, full.id);
    full.log.isFull = false;
    await world.run(250);
    expect(full.watcher.state).toEqual(['a']);
  });

  it('get another leader when the disk of this one takes nothing any more', async () => {
    const world = await started();
    const leader = leaderOf(world);
    leader.log.isStuck = true;
    write(leader, 'a');
    await world.run(8_000);
    const fresh = leaderOf(world);
    expect(fresh.id).not.toBe(leader.id);
    write(fresh, 'b');
    await world.run(300);
    expect(fresh.watcher.state.at(-1)).toBe('b');
  });

  it('leave a leader alone that one of them cannot hear', async () => {
    const world = await started({ prompt: false });
    const leader = leaderOf(world);
    const deaf = world.up.find(({ id }) => id !== leader.id) as Member;
    const { epoch } = leader.node.leaderAndEpoch();
    world.cut.add(`${leader.id}>${deaf.id}`);
    await world.run(20_000);
    expect(leader.node.leaderAndEpoch()).toEqual({ leaderId: leader.id, epoch });
  });
});

describe('snapshots of the leader', () => {
  it('bring up a voter whose log is older than everything that is left', async () => {
    const world = await started({ dynamic: true, retentionBytes: 0 });
    const leader = leaderOf(world);
    const late = world.up.find(({ id }) => id !== leader.id) as Member;
    world.crash(late.id);
    for (const text of ['a', 'b', 'c']) {
      write(leader, text);
      await world.run(100);
      const { epoch } = leader.node.leaderAndEpoch();
      const values = leader.watcher.state.map((value) => Buffer.from(value));
      await leader.node.createSnapshot({ endOffset: leader.watcher.next, epoch }, 0, values);
    }
    await world.run(60_100);
    expect(leader.log.startOffset()).toBeGreaterThan(0);
    await world.heal(10_000);
    expect(late.log.startOffset()).toBe(leader.log.startOffset());
    expect(late.watcher.state).toEqual(['a', 'b', 'c']);
    expect(
      late.node.voters().map(({ id }) => id),
      'the voters of the snapshot',
    ).toEqual([1, 2, 3]);
  });
});

describe('membership', () => {
  async function ask(world: QuorumWorld, answer: RaftAnswer | Promise<RaftAnswer>): Promise<string> {
    let name = 'no answer';
    void Promise.resolve(answer).then((one) => {
      name = errorName(one.errorCode);
    });
    await world.run(300);
    return name;
  }

  function addition(id: number): AddVoterAsk {
    const voter = { id, directoryId: directoryIdOf(id) };
    return {
      kind: 'addVoter',
      clusterId: 'c',
      voter,
      endpoints: [endpointOf(id)],
      timeoutMs: 2_000,
      ackWhenCommitted: true,
    };
  }

  it('adds a replica that has caught up, once, and removes it again', async () => {
    const world = await started({ dynamic: true });
    const { node } = leaderOf(world);
    expect(await ask(world, node.handle(addition(4))), 'nobody is there').toBe('REQUEST_TIMED_OUT');
    world.add(4);
    world.start(4);
    await world.heal(5_000);
    expect(await ask(world, node.handle(addition(4)))).toBe('NONE');
    await world.heal(5_000);
    for (const member of world.up) expect(member.node.voters().map(({ id }) => id)).toEqual([1, 2, 3, 4]);
    expect(await ask(world, node.handle(addition(4)))).toBe('DUPLICATE_VOTER');
    const voter = { id: 4, directoryId: directoryIdOf(4) };
    const wrong = { id: 4, directoryId: directoryIdOf(5) };
    expect(await ask(world, node.handle({ kind: 'removeVoter', clusterId: 'c', voter: wrong }))).toBe(
      'VOTER_NOT_FOUND',
    );
    expect(await ask(world, node.handle({ kind: 'removeVoter', clusterId: 'c', voter }))).toBe('NONE');
    expect(node.describeQuorum()?.observers.map(({ replicaId }) => replicaId)).toEqual([4]);
  });

  it('counts of a controller that observes only what is on its disk: it may be a voter the next moment', async () => {
    const world = await started({ dynamic: true });
    const leader = leaderOf(world);
    const joining = world.add(4);
    world.start(4);
    await world.heal(5_000);
    joining.log.isStuck = true;
    write(leader, 'a');
    await world.run(500);
    expect(joining.log.endOffset(), 'it has it').toBe(leader.log.endOffset());
    expect(leader.node.describeQuorum()?.observers).toMatchObject([
      { replicaId: 4, logEndOffset: joining.log.durable },
    ]);
    expect(joining.log.durable).toBeLessThan(leader.log.endOffset());
  });

  it('lets a leader go that was removed, once that is committed', async () => {
    const world = await started({ dynamic: true });
    const leader = leaderOf(world);
    const voter = { id: leader.id, directoryId: directoryIdOf(leader.id) };
    expect(await ask(world, leader.node.handle({ kind: 'removeVoter', clusterId: 'c', voter }))).toBe('NONE');
    await world.heal(10_000);
    expect(leaderOf(world).id).not.toBe(leader.id);
    expect(leader.node.voters().map(({ id }) => id)).not.toContain(leader.id);
  });

  it.each([true, false])(
    'elects a leader that was removed again when only it has written so (fast detection: %s)',
    async (prompt) => {
      const world = await started({ voters: 2, dynamic: true, prompt });
      const leader = leaderOf(world);
      const other = world.up.find(({ id }) => id !== leader.id) as Member;
      isolate(world, leader.id);
      const voter = { id: leader.id, directoryId: directoryIdOf(leader.id) };
      const removal = { kind: 'removeVoter', clusterId: 'c', voter } as const;
      expect(await ask(world, leader.node.handle(removal))).toBe('no answer');
      world.crash(leader.id);
      expect(other.node.voters(), 'the other one does not know').toHaveLength(2);
      await world.heal(60_000);
      await world.run(1_000);
      expect(leaderOf(world).id).toBe(other.id);
      for (const { node } of world.up) expect(node.voters().map(({ id }) => id)).toEqual([other.id]);
    },
  );

  it('does not elect a removed voter that is started first', async () => {
    const world = await started({ dynamic: true });
    const leader = leaderOf(world);
    const voter = { id: 1, directoryId: directoryIdOf(1) };
    expect(await ask(world, leader.node.handle({ kind: 'removeVoter', clusterId: 'c', voter }))).toBe('NONE');
    await world.heal(10_000);
    for (const id of [1, 2, 3]) world.crash(id);
    world.start(1);
    await world.run(500);
    const { epoch } = world.member(1).node.leaderAndEpoch();
    await world.heal(10_000);
    expect(leaderOf(world).id).not.toBe(1);
    expect(leaderOf(world).node.leaderAndEpoch().epoch).toBe(epoch + 1);
  });

  it('lets a sole leader go whose second voter is gone', async () => {
    const world = await started({ voters: 1, dynamic: true, prompt: false });
    world.add(2);
    world.start(2);
    await world.run(60_000);
    const { node } = leaderOf(world);
    expect(await ask(world, node.handle(addition(2)))).toBe('NONE');
    expect(node.leaderAndEpoch().leaderId).toBe(1);
    world.crash(2);
    await world.run(4_000);
    expect(node.leaderAndEpoch().leaderId).toBe(-1);
    await world.heal(10_000);
  });

  it('takes back voters that were never committed', async () => {
    const world = await started({ dynamic: true });
    world.add(4);
    world.start(4);
    await world.heal(5_000);
    const leader = leaderOf(world);
    const answer = leader.node.handle(addition(4));
    isolate(world, leader.id);
    expect(await ask(world, answer)).toBe('no answer');
    expect(leader.node.voters()).toHaveLength(4);
    await world.run(6_000);
    await world.heal(10_000);
    for (const member of world.up) expect(member.node.voters()).toHaveLength(3);
  });

  it('joins by itself where that is on, also in place of a directory that was lost', async () => {
    const world = await started({ dynamic: true });
    world.add(4);
    world.start(4, { autoJoin: true });
    await world.run(8_000);
    for (const member of world.up) expect(member.node.voters().map(({ id }) => id)).toEqual([1, 2, 3, 4]);
    world.crash(4);
    world.add(4);
    world.start(4, { autoJoin: true, directoryId: directoryIdOf(9) });
    await world.run(20_000);
    const voters = leaderOf(world).node.voters();
    expect(voters.find(({ id }) => id === 4)?.directoryId).toBe(directoryIdOf(9));
  });

  it('follows a voter to its new listener', async () => {
    const world = await started({ dynamic: true });
    const moved = world.up.find(({ id }) => id !== leaderOf(world).id) as Member;
    world.crash(moved.id);
    world.start(moved.id, { localEndpoints: [{ ...endpointOf(moved.id), host: 'elsewhere' }] });
    await world.run(8_000);
    const voter = leaderOf(world)
      .node.voters()
      .find(({ id }) => id === moved.id);
    expect(voter?.endpoints[0]?.host).toBe('elsewhere');
  });

  it('becomes dynamic online, once every voter has told its directory', async () => {
    const world = await started({ prompt: false });
    const { node } = leaderOf(world);
    const { epoch } = node.leaderAndEpoch();
    expect(() => node.upgradeKraftVersion(epoch, 1)).toThrow(/has told its directory id/);
    await world.run(7_000);
    node.upgradeKraftVersion(epoch, 1);
    await world.heal(5_000);
    for (const member of world.up) {
      expect(member.node.kraftVersion()).toBe(1);
      expect(member.node.voters().map(({ directoryId }) => directoryId)).not.toContain(ZERO_UUID);
    }
    world.crash(leaderOf(world).id);
    await world.heal(10_000);
  });
});
