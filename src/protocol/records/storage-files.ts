/** Serialised files of a log directory. */
import { ZERO_UUID } from '../../base/uuid.ts';
import { array, type Decoded, int16, int32, int64, message, string, struct, uint32, uuid } from '../schema.ts';

export const producerSnapshot = message(
  { name: 'ProducerSnapshot', kind: 'data', versions: '1', flexible: 'none' },
  {
    crc: uint32('1'),
    producerEntries: array(
      struct('ProducerEntry', {
        producerId: int64('1'),
        epoch: int16('1'),
        lastSequence: int32('1'),
        lastOffset: int64('1'),
        offsetDelta: int32('1'),
        timestamp: int64('1'),
        coordinatorEpoch: int32('1'),
        currentTxnFirstOffset: int64('1'),
      }),
      '1',
    ),
  },
);
export type ProducerSnapshot = Decoded<typeof producerSnapshot>;

export const quorumStateData = message(
  { name: 'QuorumStateData', kind: 'data', versions: '0-1', flexible: '0+' },
  {
    clusterId: string('0', { default: '' }),
    leaderId: int32('0+', { default: -1 }),
    leaderEpoch: int32('0+', { default: -1 }),
    votedId: int32('0+', { default: -1 }),
    votedDirectoryId: uuid('1+', { default: ZERO_UUID }),
    appliedOffset: int64('0', { default: 0 }),
    currentVoters: array(
      struct('Voter', {
        voterId: int32('0', { default: 0 }),
      }),
      '0',
      { nullable: '0', default: [] },
    ),
  },
);
export type QuorumStateData = Decoded<typeof quorumStateData>;
