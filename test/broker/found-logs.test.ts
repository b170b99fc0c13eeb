import fs from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { UNASSIGNED_DIR } from '../../src/base/uuid.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { BrokerHarness, DIRECTORY_IDS, topicId } from './harness.ts';

let open: BrokerHarness | null = null;
afterEach(() => open?.remove());

describe('after a restart, or with several directories', () => {
  it('gives the logs that a start finds the configuration of their topics', async () => {
    const configs = { 'cleanup.policy': 'compact', 'retention.ms': '-1', 'segment.bytes': '1048576' };
    const first = (await BrokerHarness.start()).withTopics({ kept: { configs }, plain: {} });
    open = first;
    const before = first.partition('kept').log.config;
    expect(before).toMatchObject({ cleanupPolicy: { delete: false, compact: true }, retentionMs: -1 });

    open = await first.restart('clean');

    expect(open.partition('kept').log.config).toEqual(before);
    expect(open.partition('plain').log.config).toEqual(first.partition('plain').log.config);
  });

  it('tells in which of several directories it has put a replica', async () => {
    open = (await BrokerHarness.start({ directories: 2 })).withTopics({ t: { directories: [UNASSIGNED_DIR] } });
    expect(open.assigned).toEqual([[topicId(0), 0, DIRECTORY_IDS[0]]]);
  });

  it('begins no empty log for a replica whose directory is gone', async () => {
    const first = (await BrokerHarness.start({ directories: 2 })).withTopics({
      lost: { directories: [DIRECTORY_IDS[1]] },
      kept: {},
      fresh: { directories: [UNASSIGNED_DIR] },
    });
    open = first;
    const gone = first.directories[1] as string;
    expect(first.partition('lost').log.directory).toBe(gone);
    first.append('lost', 'a', 'b');
    await first.logs.shutdown(1);
    fs.rmSync(gone, { recursive: true });
    fs.writeFileSync(gone, 'no directory');

    open = await first.restart('killed');

    expect(open.replicas.get('lost', 0)).toBeUndefined();
    expect(open.services.absentPartitionError('lost', 0)).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(open.assigned.filter(([id]) => id === topicId(0))).toEqual([]);
    expect(open.partition('kept').log.directory).toBe(first.directories[0]);
    expect(open.partition('fresh').log.directory).toBe(first.directories[0]);
  });
});
