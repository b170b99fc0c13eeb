import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Logger, SILENT_LOGGER } from '../../src/base/logger.ts';
import { buildBatch } from '../../src/protocol/batch-builder.ts';
import { nodeRuntime } from '../../src/runtime/node-runtime.ts';
import { MetadataLog } from '../../src/server/metadata-log.ts';
import { FilePool } from '../../src/storage/file-pool.ts';

const directories: string[] = [];

afterEach(() => {
  for (const directory of directories.splice(0)) fs.rmSync(directory, { recursive: true, force: true });
});

function openLog(directory: string, errors: string[]): MetadataLog {
  const logger: Logger = { ...SILENT_LOGGER, error: (message) => errors.push(message), named: () => logger };
  return MetadataLog.open(
    {
      ...nodeRuntime,
      pool: new FilePool(nodeRuntime.files),
      logger,
      producerIdExpirationMs: 1000,
      recoveredDirectory: null,
      onStorageFailure: (message) => errors.push(message),
    },
    { directory, segmentBytes: 1 << 20, segmentMs: 1e9 },
  );
}

function batch(baseOffset: number): Buffer {
  return buildBatch([{ value: Buffer.from(`record ${baseOffset}`) }], { baseOffset, partitionLeaderEpoch: 1 });
}

describe('the metadata log in a directory that a second process writes to', () => {
  it('puts back what was overwritten and cuts off what was added', async () => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'kts-tail-'));
    directories.push(directory);
    const errors: string[] = [];
    const log = openLog(directory, errors);
    const own = [0, 1, 2].map(batch);
    for (const bytes of own) log.append(bytes);
    await log.sync();
    const file = path.join(directory, '__cluster_metadata-0', '00000000000000000000.log');
    const foreign = fs.openSync(file, 'r+');
    fs.writeSync(foreign, Buffer.alloc(200, 7), 0, 200, (own[0] as Buffer).length);
    fs.closeSync(foreign);
    expect(Buffer.from(log.read(0, 1 << 20))).toEqual(Buffer.concat(own));
    expect(errors).toHaveLength(1);
    log.append(batch(3));
    await log.sync();
    await log.close();
    expect(errors).toHaveLength(1);
    expect(fs.readFileSync(file)).toEqual(Buffer.concat([...own, batch(3)]));
  });
});
