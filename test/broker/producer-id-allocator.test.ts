import { describe, expect, it } from 'vitest';
import { ProducerIdAllocator, type ProducerIdBlock } from '../../src/broker/producer-id-allocator.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';

/** A controller that answers when it is told to. */
class Blocks {
  readonly open: PromiseWithResolvers<ProducerIdBlock>[] = [];
  readonly allocator = new ProducerIdAllocator(() => {
    const asked = Promise.withResolvers<ProducerIdBlock>();
    this.open.push(asked);
    return asked.promise;
  });
  #next = 0;

  grant(size = 10): void {
    this.open.shift()?.resolve({ first: this.#next, size });
    this.#next += size;
  }

  fail(): void {
    this.open.shift()?.reject(new Error('no controller'));
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const take = (blocks: Blocks, count: number) =>
  Promise.all(Array.from({ length: count }, () => blocks.allocator.next()));

describe('producer ids', () => {
  it('come from blocks, each id once, and one question serves all who wait', async () => {
    const blocks = new Blocks();
    const ids = take(blocks, 15);
    await settled();
    expect(blocks.open).toHaveLength(1);
    blocks.grant();
    await settled();
    expect(blocks.open).toHaveLength(1);
    blocks.grant();
    expect((await ids).sort((a, b) => a - b)).toEqual(Array.from({ length: 15 }, (_, i) => i));
  });

  it('ask for the next block when nine tenths are used, and wait for nobody then', async () => {
    const blocks = new Blocks();
    const first = take(blocks, 8);
    blocks.grant();
    await first;
    expect(blocks.open).toHaveLength(0);
    await blocks.allocator.next();
    expect(blocks.open).toHaveLength(1);
    blocks.grant();
    await settled();
    expect(await take(blocks, 3)).toEqual([9, 10, 11]);
    expect(blocks.open).toHaveLength(0);
  });

  it('are told to come later while no block can be had, and the next who asks tries again', async () => {
    const blocks = new Blocks();
    const refused = expect(blocks.allocator.next()).rejects.toMatchObject({
      code: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    });
    blocks.fail();
    await refused;
    const id = blocks.allocator.next();
    blocks.grant();
    expect(await id).toBe(0);
  });

  it('are given to the end of a block although the next cannot be had', async () => {
    const blocks = new Blocks();
    const first = take(blocks, 9);
    blocks.grant();
    await first;
    blocks.fail();
    await settled();
    expect(await blocks.allocator.next()).toBe(9);
    blocks.fail();
    await settled();
    const waiting = blocks.allocator.next();
    blocks.grant();
    expect(await waiting).toBe(10);
  });
});
