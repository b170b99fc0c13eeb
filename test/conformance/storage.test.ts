/** Kafka's own dump-log reads every kind of file that the partition log writes, over many segments, and finds no fault. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  batch,
  logConfig,
  openLog,
  removeDirectory,
  SeededRandom,
  temporaryDirectory,
  testContext,
} from '../storage/support.ts';
import { KAFKA_JARS, kafkaOk } from './support/tools.ts';

describe.skipIf(KAFKA_JARS === undefined)("the partition log's files", () => {
  let directory: string;
  let records = 0;
  const filesOf = (suffix: RegExp) =>
    fs
      .readdirSync(path.join(directory, 't-0'))
      .filter((name) => suffix.test(name))
      .map((name) => path.join(directory, 't-0', name));
  const dump = (files: readonly string[], ...flags: string[]) =>
    kafkaOk('dump-log', [...flags, '--files', files.join(',')]);

  beforeAll(async () => {
    directory = temporaryDirectory();
    const random = new SeededRandom(11);
    const config = logConfig({ segmentBytes: 60_000 });
    let log = openLog(testContext(), directory, { config });
    const sequences = [0, 0, 0];
    for (let i = 0; i < 1500; i++) {
      // Once in the middle the log is cut, left as by a crash, recovered, and goes on.
      if (i === 700) {
        log.truncateTo(log.logEndOffset - 40);
        log.abandon();
        log = openLog(testContext(), directory, { config, clean: false });
        for (const one of [0, 1, 2]) {
          sequences[one] = (log.producers.get(one)?.batches.at(-1)?.lastSequence ?? -1) + 1;
        }
      }
      const producerId = random.int(3);
      const count = 1 + random.int(5);
      const shape = {
        records: count,
        valueBytes: random.int(300),
        timestamp: 1_700_000_000_000 + i * 7 - random.int(50),
      };
      const compression = random.int(5) === 0 ? 1 : 0;
      const baseSequence = sequences[producerId] as number;
      log.appendAsLeader(batch({ ...shape, compression, producerId, producerEpoch: 0, baseSequence }), i >> 8);
      sequences[producerId] = baseSequence + count;
    }
    records = log.logEndOffset;
    await log.close();
  });

  afterAll(() => removeDirectory(directory));

  it('hold every record once', async () => {
    const logs = filesOf(/\.log$/);
    expect(logs.length).toBeGreaterThan(5);
    const text = await dump(logs, '--deep-iteration');
    expect(text.match(/^\| offset: /gm)).toHaveLength(records);
    expect(text).not.toMatch(/isvalid: false|invalid|corrupt/i);
  });

  it('index them rightly', async () => {
    const indexes = filesOf(/\.(?:index|timeindex)$/).filter((file) => fs.statSync(file).size > 0);
    const checked = await dump(indexes, '--index-sanity-check');
    expect(checked.match(/passed sanity check\./g)).toHaveLength(indexes.length);
    const text = await dump(indexes, '--verify-index-only');
    expect(text).not.toMatch(/mismatch|out of order/i);
  });

  it('tell the state of the producers', async () => {
    const [last] = filesOf(/\.snapshot$/)
      .toSorted()
      .slice(-1);
    const text = await dump([last as string]);
    expect(text.match(/^producerId: /gm)).toHaveLength(3);
    expect(path.basename(last as string)).toBe(`${String(records).padStart(20, '0')}.snapshot`);
  });
});
