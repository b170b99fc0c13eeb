/** The classic consumer's subscription and assignment, opaque to the broker. */
import { array, bytes, type Decoded, int32, message, string, struct } from '../schema.ts';

export const consumerProtocolAssignment = message(
  { name: 'ConsumerProtocolAssignment', kind: 'data', versions: '0-3', flexible: 'none' },
  {
    assignedPartitions: array(
      struct('TopicPartition', {
        topic: string('0+', { mapKey: true, entityType: 'topicName' }),
        partitions: array('int32', '0+'),
      }),
      '0+',
    ),
    userData: bytes('0+', { nullable: '0+', default: null }),
  },
);
export type ConsumerProtocolAssignment = Decoded<typeof consumerProtocolAssignment>;

export const consumerProtocolSubscription = message(
  { name: 'ConsumerProtocolSubscription', kind: 'data', versions: '0-3', flexible: 'none' },
  {
    topics: array('string', '0+'),
    userData: bytes('0+', { nullable: '0+', default: null }),
    ownedPartitions: array(
      struct('TopicPartition', {
        topic: string('1+', { default: '', mapKey: true, entityType: 'topicName' }),
        partitions: array('int32', '1+', { default: [] }),
      }),
      '1+',
      { default: [], ignorable: true },
    ),
    generationId: int32('2+', { default: -1, ignorable: true }),
    rackId: string('3+', { nullable: '3+', default: null, ignorable: true }),
  },
);
export type ConsumerProtocolSubscription = Decoded<typeof consumerProtocolSubscription>;
