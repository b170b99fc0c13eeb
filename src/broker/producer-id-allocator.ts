/**
 * Producer ids for idempotent producers, from blocks that the controller hands out (AllocateProducerIds). The next
 * block is asked for when nine tenths of the present one are used, so that nobody waits for it.
 */
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';

export interface ProducerIdBlock {
  readonly first: number;
  readonly size: number;
}

const PREFETCH_SHARE = 0.9;

export class ProducerIdAllocator {
  readonly #requestBlock: () => Promise<ProducerIdBlock>;
  #next = 0;
  #end = 0;
  #prefetchAt = 0;
  #following: ProducerIdBlock | null = null;
  #asking: Promise<void> | null = null;

  constructor(requestBlock: () => Promise<ProducerIdBlock>) {
    this.#requestBlock = requestBlock;
  }

  /** A fresh id. COORDINATOR_LOAD_IN_PROGRESS, which clients retry, while no block can be had. */
  async next(): Promise<number> {
    while (this.#next >= this.#end) {
      if (this.#following) this.#take(this.#following);
      else await this.#ask();
    }
    const id = this.#next++;
    if (this.#next >= this.#prefetchAt && !this.#following) this.#ask().catch(() => undefined);
    return id;
  }

  #take(block: ProducerIdBlock): void {
    this.#next = block.first;
    this.#end = block.first + block.size;
    this.#prefetchAt = block.first + Math.floor(block.size * PREFETCH_SHARE);
    this.#following = null;
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#requestBlock()
      .then((block) => {
        this.#following = block;
      })
      .catch((cause: unknown) => {
        const message = 'no block of producer ids could be had from the controller';
        throw new KafkaError(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, message, { cause });
      })
      .finally(() => {
        this.#asking = null;
      });
    return this.#asking;
  }
}
