/** ShareAcknowledge (API key 79). */
import { array, bool, type Decoded, int16, int32, int64, message, of, string, struct, uuid } from '../schema.ts';

export const shareAcknowledgeRequest = message(
  {
    name: 'ShareAcknowledgeRequest',
    kind: 'request',
    apiKey: 79,
    versions: '1-2',
    flexible: '0+',
    listeners: ['broker'],
  },
  {
    groupId: string('0+', { nullable: '0+', default: null, entityType: 'groupId' }),
    memberId: string('0+', { nullable: '0+' }),
    shareSessionEpoch: int32('0+'),
    isRenewAck: bool('2+', { default: false }),
    topics: array(
      struct('AcknowledgeTopic', {
        topicId: uuid('0+', { mapKey: true }),
        partitions: array(
          struct('AcknowledgePartition', {
            partitionIndex: int32('0+', { mapKey: true }),
            acknowledgementBatches: array(
              struct('AcknowledgementBatch', {
                firstOffset: int64('0+'),
                lastOffset: int64('0+'),
                acknowledgeTypes: array('int8', '0+'),
              }),
              '0+',
            ),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type ShareAcknowledgeRequest = Decoded<typeof shareAcknowledgeRequest>;

export const shareAcknowledgeResponse = message(
  { name: 'ShareAcknowledgeResponse', kind: 'response', apiKey: 79, versions: '1-2', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    acquisitionLockTimeoutMs: int32('2+', { default: 0, ignorable: true }),
    responses: array(
      struct('ShareAcknowledgeTopicResponse', {
        topicId: uuid('0+', { mapKey: true }),
        partitions: array(
          struct('PartitionData', {
            partitionIndex: int32('0+'),
            errorCode: int16('0+'),
            errorMessage: string('0+', { nullable: '0+', default: null }),
            currentLeader: of(
              struct('LeaderIdAndEpoch', {
                leaderId: int32('0+'),
                leaderEpoch: int32('0+'),
              }),
              '0+',
            ),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
    nodeEndpoints: array(
      struct('NodeEndpoint', {
        nodeId: int32('0+', { mapKey: true, entityType: 'brokerId' }),
        host: string('0+'),
        port: int32('0+'),
        rack: string('0+', { nullable: '0+', default: null }),
      }),
      '0+',
    ),
  },
);
export type ShareAcknowledgeResponse = Decoded<typeof shareAcknowledgeResponse>;
