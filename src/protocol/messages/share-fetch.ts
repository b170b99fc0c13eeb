/** ShareFetch (API key 78). */
import {
  array,
  bool,
  type Decoded,
  int8,
  int16,
  int32,
  int64,
  message,
  of,
  records,
  string,
  struct,
  uuid,
} from '../schema.ts';

export const shareFetchRequest = message(
  { name: 'ShareFetchRequest', kind: 'request', apiKey: 78, versions: '1-2', flexible: '0+', listeners: ['broker'] },
  {
    groupId: string('0+', { nullable: '0+', default: null, entityType: 'groupId' }),
    memberId: string('0+', { nullable: '0+' }),
    shareSessionEpoch: int32('0+'),
    maxWaitMs: int32('0+'),
    minBytes: int32('0+'),
    maxBytes: int32('0+', { default: 2147483647 }),
    maxRecords: int32('1+'),
    batchSize: int32('1+'),
    shareAcquireMode: int8('2+', { default: 0, ignorable: true }),
    isRenewAck: bool('2+', { default: false }),
    topics: array(
      struct('FetchTopic', {
        topicId: uuid('0+', { mapKey: true }),
        partitions: array(
          struct('FetchPartition', {
            partitionIndex: int32('0+', { mapKey: true }),
            partitionMaxBytes: int32('0', { default: 0 }),
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
    forgottenTopicsData: array(
      struct('ForgottenTopic', {
        topicId: uuid('0+'),
        partitions: array('int32', '0+'),
      }),
      '0+',
    ),
  },
);
export type ShareFetchRequest = Decoded<typeof shareFetchRequest>;

export const shareFetchResponse = message(
  { name: 'ShareFetchResponse', kind: 'response', apiKey: 78, versions: '1-2', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    acquisitionLockTimeoutMs: int32('1+'),
    responses: array(
      struct('ShareFetchableTopicResponse', {
        topicId: uuid('0+', { mapKey: true }),
        partitions: array(
          struct('PartitionData', {
            partitionIndex: int32('0+'),
            errorCode: int16('0+'),
            errorMessage: string('0+', { nullable: '0+', default: null }),
            acknowledgeErrorCode: int16('0+'),
            acknowledgeErrorMessage: string('0+', { nullable: '0+', default: null }),
            currentLeader: of(
              struct('LeaderIdAndEpoch', {
                leaderId: int32('0+'),
                leaderEpoch: int32('0+'),
              }),
              '0+',
            ),
            records: records('0+', { nullable: '0' }),
            acquiredRecords: array(
              struct('AcquiredRecords', {
                firstOffset: int64('0+'),
                lastOffset: int64('0+'),
                deliveryCount: int16('0+'),
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
export type ShareFetchResponse = Decoded<typeof shareFetchResponse>;
