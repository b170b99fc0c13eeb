/** Produce (API key 0). */
import { ZERO_UUID } from '../../base/uuid.ts';
import {
  array,
  type Decoded,
  int16,
  int32,
  int64,
  message,
  of,
  records,
  STRUCT_DEFAULT,
  string,
  struct,
  uuid,
} from '../schema.ts';

export const produceRequest = message(
  { name: 'ProduceRequest', kind: 'request', apiKey: 0, versions: '3-13', flexible: '9+', listeners: ['broker'] },
  {
    transactionalId: string('3+', { nullable: '3+', default: null, entityType: 'transactionalId' }),
    acks: int16('0+'),
    timeoutMs: int32('0+'),
    topicData: array(
      struct('TopicProduceData', {
        name: string('0-12', { default: '', ignorable: true, mapKey: true, entityType: 'topicName' }),
        topicId: uuid('13+', { default: ZERO_UUID, ignorable: true, mapKey: true }),
        partitionData: array(
          struct('PartitionProduceData', {
            index: int32('0+'),
            records: records('0+', { nullable: '0+' }),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type ProduceRequest = Decoded<typeof produceRequest>;

export const produceResponse = message(
  { name: 'ProduceResponse', kind: 'response', apiKey: 0, versions: '3-13', flexible: '9+' },
  {
    responses: array(
      struct('TopicProduceResponse', {
        name: string('0-12', { default: '', ignorable: true, mapKey: true, entityType: 'topicName' }),
        topicId: uuid('13+', { default: ZERO_UUID, ignorable: true, mapKey: true }),
        partitionResponses: array(
          struct('PartitionProduceResponse', {
            index: int32('0+'),
            errorCode: int16('0+'),
            baseOffset: int64('0+'),
            logAppendTimeMs: int64('2+', { default: -1, ignorable: true }),
            logStartOffset: int64('5+', { default: -1, ignorable: true }),
            recordErrors: array(
              struct('BatchIndexAndErrorMessage', {
                batchIndex: int32('8+', { default: 0 }),
                batchIndexErrorMessage: string('8+', { nullable: '8+', default: null }),
              }),
              '8+',
              { default: [], ignorable: true },
            ),
            errorMessage: string('8+', { nullable: '8+', default: null, ignorable: true }),
            currentLeader: of(
              struct('LeaderIdAndEpoch', {
                leaderId: int32('10+', { default: -1, entityType: 'brokerId' }),
                leaderEpoch: int32('10+', { default: -1 }),
              }),
              '10+',
              { tagged: '10+', tag: 0, default: STRUCT_DEFAULT },
            ),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
    throttleTimeMs: int32('1+', { default: 0, ignorable: true }),
    nodeEndpoints: array(
      struct('NodeEndpoint', {
        nodeId: int32('10+', { default: 0, mapKey: true, entityType: 'brokerId' }),
        host: string('10+', { default: '' }),
        port: int32('10+', { default: 0 }),
        rack: string('10+', { nullable: '10+', default: null }),
      }),
      '10+',
      { tagged: '10+', tag: 0, default: [] },
    ),
  },
);
export type ProduceResponse = Decoded<typeof produceResponse>;
