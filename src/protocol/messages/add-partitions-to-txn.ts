/** AddPartitionsToTxn (API key 24). */
import { array, bool, type Decoded, int16, int32, int64, message, string, struct } from '../schema.ts';

const addPartitionsToTxnRequestAddPartitionsToTxnTopic = struct('AddPartitionsToTxnTopic', {
  name: string('0+', { mapKey: true, entityType: 'topicName' }),
  partitions: array('int32', '0+'),
});

export const addPartitionsToTxnRequest = message(
  {
    name: 'AddPartitionsToTxnRequest',
    kind: 'request',
    apiKey: 24,
    versions: '0-5',
    flexible: '3+',
    listeners: ['broker'],
  },
  {
    transactions: array(
      struct('AddPartitionsToTxnTransaction', {
        transactionalId: string('4+', { default: '', mapKey: true, entityType: 'transactionalId' }),
        producerId: int64('4+', { default: 0, entityType: 'producerId' }),
        producerEpoch: int16('4+', { default: 0 }),
        verifyOnly: bool('4+', { default: false }),
        topics: array(addPartitionsToTxnRequestAddPartitionsToTxnTopic, '4+', { default: [] }),
      }),
      '4+',
      { default: [] },
    ),
    v3AndBelowTransactionalId: string('0-3', { default: '', entityType: 'transactionalId' }),
    v3AndBelowProducerId: int64('0-3', { default: 0, entityType: 'producerId' }),
    v3AndBelowProducerEpoch: int16('0-3', { default: 0 }),
    v3AndBelowTopics: array(addPartitionsToTxnRequestAddPartitionsToTxnTopic, '0-3', { default: [] }),
  },
);
export type AddPartitionsToTxnRequest = Decoded<typeof addPartitionsToTxnRequest>;

const addPartitionsToTxnResponseAddPartitionsToTxnPartitionResult = struct('AddPartitionsToTxnPartitionResult', {
  partitionIndex: int32('0+', { mapKey: true }),
  partitionErrorCode: int16('0+'),
});

const addPartitionsToTxnResponseAddPartitionsToTxnTopicResult = struct('AddPartitionsToTxnTopicResult', {
  name: string('0+', { mapKey: true, entityType: 'topicName' }),
  resultsByPartition: array(addPartitionsToTxnResponseAddPartitionsToTxnPartitionResult, '0+'),
});

export const addPartitionsToTxnResponse = message(
  { name: 'AddPartitionsToTxnResponse', kind: 'response', apiKey: 24, versions: '0-5', flexible: '3+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('4+', { default: 0, ignorable: true }),
    resultsByTransaction: array(
      struct('AddPartitionsToTxnResult', {
        transactionalId: string('4+', { default: '', mapKey: true, entityType: 'transactionalId' }),
        topicResults: array(addPartitionsToTxnResponseAddPartitionsToTxnTopicResult, '4+', { default: [] }),
      }),
      '4+',
      { default: [] },
    ),
    resultsByTopicV3AndBelow: array(addPartitionsToTxnResponseAddPartitionsToTxnTopicResult, '0-3', { default: [] }),
  },
);
export type AddPartitionsToTxnResponse = Decoded<typeof addPartitionsToTxnResponse>;
