/** What Kafka 4.3.1's own classes made of these values: the corners that recorded frames do not show. */
import { describe, expect, it } from 'vitest';
import { consumerGroupHeartbeatResponse } from '../../src/protocol/messages/consumer-group-heartbeat.ts';
import { fetchRequest } from '../../src/protocol/messages/fetch.ts';
import { metadataRequest } from '../../src/protocol/messages/metadata.ts';
import { consumerGroupMemberMetadataValue } from '../../src/protocol/records/group.ts';
import type { Message } from '../../src/protocol/schema.ts';
import { formsOf } from './forms.ts';

const member = {
  instanceId: null,
  rackId: 'r',
  clientId: 'c',
  clientHost: 'h',
  subscribedTopicNames: ['t'],
  subscribedTopicRegex: null,
  rebalanceTimeoutMs: 5,
  serverAssignor: null,
};
const heartbeat = {
  throttleTimeMs: 0,
  errorCode: 0,
  errorMessage: null,
  memberId: null,
  memberEpoch: 0,
  heartbeatIntervalMs: 0,
};

const VECTORS: readonly (readonly [what: string, Message, version: number, value: unknown, hex: string])[] = [
  [
    'a tagged struct that is null by default',
    consumerGroupMemberMetadataValue,
    0,
    member,
    '0002720263026802027400000000050000',
  ],
  [
    'a nullable tagged struct carries a marker inside its tag',
    consumerGroupMemberMetadataValue,
    0,
    {
      ...member,
      classicMemberMetadata: {
        sessionTimeoutMs: 9,
        supportedProtocols: [{ name: 'range', metadata: Buffer.from([1, 2]) }],
      },
    },
    '000272026302680202740000000005000100110100000009020672616e67650301020000',
  ],
  [
    'tags on two levels, a full-range int64 among them',
    fetchRequest,
    18,
    {
      clusterId: 'cc',
      replicaState: { replicaId: 3 },
      maxWaitMs: 0,
      minBytes: 0,
      topics: [
        {
          partitions: [
            {
              partition: 0,
              fetchOffset: 0,
              partitionMaxBytes: 0,
              highWatermark: -1n,
              replicaDirectoryId: 'AAAAAAAAAAEAAAAAAAAAAg',
            },
          ],
        },
      ],
    },
    '00000000000000007fffffff0000000000ffffffff02000000000000000000000000000000000200000000ffffffff0000000000000000' +
      'ffffffffffffffffffffffff00000000020010000000000000000100000000000000020108ffffffffffffffff000101020003036363' +
      '010d00000003ffffffffffffffff00',
  ],
  [
    'a nullable struct that is null',
    consumerGroupHeartbeatResponse,
    0,
    { ...heartbeat, assignment: null },
    '00000000000000000000000000000000ff00',
  ],
  [
    'a nullable struct that is there',
    consumerGroupHeartbeatResponse,
    0,
    { ...heartbeat, assignment: { topicPartitions: [] } },
    '0000000000000000000000000000000001010000',
  ],
  ['an empty request', metadataRequest, 12, { topics: [] }, '01010000'],
];

describe('what Kafka writes', () => {
  it.each(VECTORS)('%s', (_what, message, version, value, hex) => {
    for (const form of formsOf(message, version)) {
      expect([form.name, form.encode(value).toString('hex')]).toEqual([form.name, hex]);
      expect(form.decode(Buffer.from(hex, 'hex'))).toMatchObject(value as object);
    }
  });

  it('a field that the version lacks is refused by Kafka too', () => {
    const value = { maxWaitMs: 0, minBytes: 0, topics: [], replicaState: { replicaId: 3 } };
    for (const form of formsOf(fetchRequest, 11)) expect(() => form.encode(value)).toThrow(/replicaState/);
  });
});
