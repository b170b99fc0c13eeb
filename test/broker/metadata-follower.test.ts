import { afterEach, describe, expect, it } from 'vitest';
import { BrokerHarness } from './harness.ts';

let open: BrokerHarness | null = null;
afterEach(() => open?.remove());

describe('MetadataFollower', () => {
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
});
