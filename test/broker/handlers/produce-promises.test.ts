import { afterEach, describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import { nodeFiles } from '../../../src/runtime/node-files.ts';
import type { FileHandle, Files } from '../../../src/runtime/runtime.ts';
import { BrokerHarness, partitionChange, records, topicId, turn } from '../harness.ts';

let broker: BrokerHarness;
afterEach(() => broker.remove());

/** Files whose log segments are synced only when the test says so. */
function heldSyncs() {
  const waiting: (() => void)[] = [];
  const files: Files = Object.assign(Object.create(nodeFiles) as Files, {
    openSync(path: string, mode: never): FileHandle {
      const handle = nodeFiles.openSync(path, mode);
      if (!path.endsWith('.log')) return handle;
      const synced = handle.sync;
      const sync = () =>
        new Promise<void>((resolve, reject) => {
          waiting.push(() => synced.call(handle).then(resolve, reject));
        });
      return Object.assign(handle, { sync });
    },
  });
  return { files, waiting };
}

const produce = (topic: string, acks: number) =>
  broker.ask(0, 9, {
    transactionalId: null,
    acks,
    timeoutMs: 1000,
    topicData: [{ name: topic, partitionData: [{ index: 0, records: records({}, 'a') }] }],
  });

describe('with flush.messages=1', () => {
  it.each([1, -1])('acks=%i is answered, and the record shown, only once it is on the disk', async (acks) => {
    const { files, waiting } = heldSyncs();
    broker = (await BrokerHarness.start({ files })).withTopics({ t: { configs: { 'flush.messages': '1' } } });
    const { log } = broker.partition('t');
    const asked = produce('t', acks);
    while (waiting.length === 0) await turn();
    // News of the partition in the meantime promise nothing.
    broker.apply(partitionChange(topicId(0), 0, { isr: [1] }));
    await turn();
    expect([asked.settled(), log.logEndOffset, log.highWatermark]).toEqual([undefined, 1, 0]);
    for (const sync of waiting) sync();
    expect((await asked.answer).responses[0].partitionResponses[0]).toMatchObject({ errorCode: 0, baseOffset: 0 });
    expect(log.highWatermark).toBe(1);
  });
});

describe('internal topics', () => {
  it('are not written by clients', async () => {
    broker = (await BrokerHarness.start()).withTopics({ __consumer_offsets: {}, __mine: {} });
    const codeOf = async (topic: string) =>
      (await produce(topic, 1).answer).responses[0].partitionResponses[0].errorCode;
    expect(await codeOf('__consumer_offsets')).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION);
    expect(broker.partition('__consumer_offsets').log.logEndOffset).toBe(0);
    expect(await codeOf('__transaction_state')).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect(await codeOf('__mine')).toBe(0);
  });
});
