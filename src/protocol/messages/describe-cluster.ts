/** DescribeCluster (API key 60). */
import { array, bool, type Decoded, int8, int16, int32, message, string, struct } from '../schema.ts';

export const describeClusterRequest = message(
  {
    name: 'DescribeClusterRequest',
    kind: 'request',
    apiKey: 60,
    versions: '0-2',
    flexible: '0+',
    listeners: ['broker', 'controller'],
  },
  {
    includeClusterAuthorizedOperations: bool('0+'),
    endpointType: int8('1+', { default: 1 }),
    includeFencedBrokers: bool('2+', { default: false }),
  },
);
export type DescribeClusterRequest = Decoded<typeof describeClusterRequest>;

export const describeClusterResponse = message(
  { name: 'DescribeClusterResponse', kind: 'response', apiKey: 60, versions: '0-2', flexible: '0+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    endpointType: int8('1+', { default: 1 }),
    clusterId: string('0+'),
    controllerId: int32('0+', { default: -1, entityType: 'brokerId' }),
    brokers: array(
      struct('DescribeClusterBroker', {
        brokerId: int32('0+', { mapKey: true, entityType: 'brokerId' }),
        host: string('0+'),
        port: int32('0+'),
        rack: string('0+', { nullable: '0+', default: null }),
        isFenced: bool('2+', { default: false }),
      }),
      '0+',
    ),
    clusterAuthorizedOperations: int32('0+', { default: -2147483648 }),
  },
);
export type DescribeClusterResponse = Decoded<typeof describeClusterResponse>;
