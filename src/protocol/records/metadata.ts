/** Records of the metadata log. */
import {
  array,
  bool,
  bytes,
  type Decoded,
  float64,
  int8,
  int16,
  int32,
  int64,
  message,
  string,
  struct,
  uint16,
  uuid,
} from '../schema.ts';

export const registerBrokerRecord = message(
  { name: 'RegisterBrokerRecord', kind: 'metadata', apiKey: 0, versions: '0-4', flexible: '0+' },
  {
    brokerId: int32('0+', { entityType: 'brokerId' }),
    isMigratingZkBroker: bool('2+', { default: false }),
    incarnationId: uuid('0+'),
    brokerEpoch: int64('0+'),
    endPoints: array(
      struct('BrokerEndpoint', {
        name: string('0+', { mapKey: true }),
        host: string('0+'),
        port: uint16('0+'),
        securityProtocol: int16('0+'),
      }),
      '0+',
    ),
    features: array(
      struct('BrokerFeature', {
        name: string('0+', { mapKey: true }),
        minSupportedVersion: int16('0+'),
        maxSupportedVersion: int16('0+'),
      }),
      '0+',
    ),
    rack: string('0+', { nullable: '0+' }),
    fenced: bool('0+', { default: true }),
    inControlledShutdown: bool('1+', { default: false }),
    logDirs: array('uuid', '3+', { tagged: '3+', tag: 0, default: [] }),
    cordonedLogDirs: array('uuid', '4+', { nullable: '4+', tagged: '4+', tag: 1, default: null }),
  },
);
export type RegisterBrokerRecord = Decoded<typeof registerBrokerRecord>;

export const unregisterBrokerRecord = message(
  { name: 'UnregisterBrokerRecord', kind: 'metadata', apiKey: 1, versions: '0', flexible: '0+' },
  {
    brokerId: int32('0+', { entityType: 'brokerId' }),
    brokerEpoch: int64('0+'),
  },
);
export type UnregisterBrokerRecord = Decoded<typeof unregisterBrokerRecord>;

export const topicRecord = message(
  { name: 'TopicRecord', kind: 'metadata', apiKey: 2, versions: '0', flexible: '0+' },
  {
    name: string('0+', { entityType: 'topicName' }),
    topicId: uuid('0+'),
  },
);
export type TopicRecord = Decoded<typeof topicRecord>;

export const partitionRecord = message(
  { name: 'PartitionRecord', kind: 'metadata', apiKey: 3, versions: '0-2', flexible: '0+' },
  {
    partitionId: int32('0+', { default: -1 }),
    topicId: uuid('0+'),
    replicas: array('int32', '0+', { entityType: 'brokerId' }),
    isr: array('int32', '0+'),
    removingReplicas: array('int32', '0+', { entityType: 'brokerId' }),
    addingReplicas: array('int32', '0+', { entityType: 'brokerId' }),
    leader: int32('0+', { default: -1, entityType: 'brokerId' }),
    leaderRecoveryState: int8('0+', { tagged: '0+', tag: 0, default: 0 }),
    leaderEpoch: int32('0+', { default: -1 }),
    partitionEpoch: int32('0+', { default: -1 }),
    directories: array('uuid', '1+', { default: [] }),
    eligibleLeaderReplicas: array('int32', '2+', {
      nullable: '2+',
      tagged: '2+',
      tag: 1,
      default: null,
      entityType: 'brokerId',
    }),
    lastKnownElr: array('int32', '2+', { nullable: '2+', tagged: '2+', tag: 2, default: null, entityType: 'brokerId' }),
  },
);
export type PartitionRecord = Decoded<typeof partitionRecord>;

export const configRecord = message(
  { name: 'ConfigRecord', kind: 'metadata', apiKey: 4, versions: '0', flexible: '0+' },
  {
    resourceType: int8('0+'),
    resourceName: string('0+'),
    name: string('0+'),
    value: string('0+', { nullable: '0+' }),
  },
);
export type ConfigRecord = Decoded<typeof configRecord>;

export const partitionChangeRecord = message(
  { name: 'PartitionChangeRecord', kind: 'metadata', apiKey: 5, versions: '0-2', flexible: '0+' },
  {
    partitionId: int32('0+', { default: -1 }),
    topicId: uuid('0+'),
    isr: array('int32', '0+', { nullable: '0+', tagged: '0+', tag: 0, default: null, entityType: 'brokerId' }),
    leader: int32('0+', { tagged: '0+', tag: 1, default: -2, entityType: 'brokerId' }),
    replicas: array('int32', '0+', { nullable: '0+', tagged: '0+', tag: 2, default: null, entityType: 'brokerId' }),
    removingReplicas: array('int32', '0+', {
      nullable: '0+',
      tagged: '0+',
      tag: 3,
      default: null,
      entityType: 'brokerId',
    }),
    addingReplicas: array('int32', '0+', {
      nullable: '0+',
      tagged: '0+',
      tag: 4,
      default: null,
      entityType: 'brokerId',
    }),
    leaderRecoveryState: int8('0+', { tagged: '0+', tag: 5, default: -1 }),
    directories: array('uuid', '1+', { nullable: '1+', tagged: '1+', tag: 8, default: null }),
    eligibleLeaderReplicas: array('int32', '2+', {
      nullable: '2+',
      tagged: '2+',
      tag: 6,
      default: null,
      entityType: 'brokerId',
    }),
    lastKnownElr: array('int32', '2+', { nullable: '2+', tagged: '2+', tag: 7, default: null, entityType: 'brokerId' }),
  },
);
export type PartitionChangeRecord = Decoded<typeof partitionChangeRecord>;

export const fenceBrokerRecord = message(
  { name: 'FenceBrokerRecord', kind: 'metadata', apiKey: 7, versions: '0', flexible: '0+' },
  {
    id: int32('0+', { entityType: 'brokerId' }),
    epoch: int64('0+'),
  },
);
export type FenceBrokerRecord = Decoded<typeof fenceBrokerRecord>;

export const unfenceBrokerRecord = message(
  { name: 'UnfenceBrokerRecord', kind: 'metadata', apiKey: 8, versions: '0', flexible: '0+' },
  {
    id: int32('0+', { entityType: 'brokerId' }),
    epoch: int64('0+'),
  },
);
export type UnfenceBrokerRecord = Decoded<typeof unfenceBrokerRecord>;

export const removeTopicRecord = message(
  { name: 'RemoveTopicRecord', kind: 'metadata', apiKey: 9, versions: '0', flexible: '0+' },
  {
    topicId: uuid('0+'),
  },
);
export type RemoveTopicRecord = Decoded<typeof removeTopicRecord>;

export const delegationTokenRecord = message(
  { name: 'DelegationTokenRecord', kind: 'metadata', apiKey: 10, versions: '0', flexible: '0+' },
  {
    owner: string('0+'),
    requester: string('0+'),
    renewers: array('string', '0+'),
    issueTimestamp: int64('0+'),
    maxTimestamp: int64('0+'),
    expirationTimestamp: int64('0+'),
    tokenId: string('0+'),
  },
);
export type DelegationTokenRecord = Decoded<typeof delegationTokenRecord>;

export const userScramCredentialRecord = message(
  { name: 'UserScramCredentialRecord', kind: 'metadata', apiKey: 11, versions: '0', flexible: '0+' },
  {
    name: string('0+'),
    mechanism: int8('0+'),
    salt: bytes('0+'),
    storedKey: bytes('0+'),
    serverKey: bytes('0+'),
    iterations: int32('0+'),
  },
);
export type UserScramCredentialRecord = Decoded<typeof userScramCredentialRecord>;

export const featureLevelRecord = message(
  { name: 'FeatureLevelRecord', kind: 'metadata', apiKey: 12, versions: '0', flexible: '0+' },
  {
    name: string('0+'),
    featureLevel: int16('0+'),
  },
);
export type FeatureLevelRecord = Decoded<typeof featureLevelRecord>;

export const clientQuotaRecord = message(
  { name: 'ClientQuotaRecord', kind: 'metadata', apiKey: 14, versions: '0', flexible: '0+' },
  {
    entity: array(
      struct('EntityData', {
        entityType: string('0+'),
        entityName: string('0+', { nullable: '0+' }),
      }),
      '0+',
    ),
    key: string('0+'),
    value: float64('0+'),
    remove: bool('0+'),
  },
);
export type ClientQuotaRecord = Decoded<typeof clientQuotaRecord>;

export const producerIdsRecord = message(
  { name: 'ProducerIdsRecord', kind: 'metadata', apiKey: 15, versions: '0', flexible: '0+' },
  {
    brokerId: int32('0+', { entityType: 'brokerId' }),
    brokerEpoch: int64('0+', { default: -1 }),
    nextProducerId: int64('0+'),
  },
);
export type ProducerIdsRecord = Decoded<typeof producerIdsRecord>;

export const brokerRegistrationChangeRecord = message(
  { name: 'BrokerRegistrationChangeRecord', kind: 'metadata', apiKey: 17, versions: '0-3', flexible: '0+' },
  {
    brokerId: int32('0+', { entityType: 'brokerId' }),
    brokerEpoch: int64('0+'),
    fenced: int8('0+', { tagged: '0+', tag: 0, default: 0 }),
    inControlledShutdown: int8('1+', { tagged: '1+', tag: 1, default: 0 }),
    logDirs: array('uuid', '2+', { tagged: '2+', tag: 2, default: [] }),
    cordonedLogDirs: array('uuid', '3+', { nullable: '3+', tagged: '3+', tag: 3, default: null }),
  },
);
export type BrokerRegistrationChangeRecord = Decoded<typeof brokerRegistrationChangeRecord>;

export const accessControlEntryRecord = message(
  { name: 'AccessControlEntryRecord', kind: 'metadata', apiKey: 18, versions: '0', flexible: '0+' },
  {
    id: uuid('0+'),
    resourceType: int8('0+'),
    resourceName: string('0+'),
    patternType: int8('0+'),
    principal: string('0+'),
    host: string('0+'),
    operation: int8('0+'),
    permissionType: int8('0+'),
  },
);
export type AccessControlEntryRecord = Decoded<typeof accessControlEntryRecord>;

export const removeAccessControlEntryRecord = message(
  { name: 'RemoveAccessControlEntryRecord', kind: 'metadata', apiKey: 19, versions: '0', flexible: '0+' },
  {
    id: uuid('0+'),
  },
);
export type RemoveAccessControlEntryRecord = Decoded<typeof removeAccessControlEntryRecord>;

export const noOpRecord = message(
  { name: 'NoOpRecord', kind: 'metadata', apiKey: 20, versions: '0', flexible: '0+' },
  {},
);
export type NoOpRecord = Decoded<typeof noOpRecord>;

export const zkMigrationStateRecord = message(
  { name: 'ZkMigrationStateRecord', kind: 'metadata', apiKey: 21, versions: '0', flexible: '0+' },
  {
    zkMigrationState: int8('0+'),
  },
);
export type ZkMigrationStateRecord = Decoded<typeof zkMigrationStateRecord>;

export const removeUserScramCredentialRecord = message(
  { name: 'RemoveUserScramCredentialRecord', kind: 'metadata', apiKey: 22, versions: '0', flexible: '0+' },
  {
    name: string('0+'),
    mechanism: int8('0+'),
  },
);
export type RemoveUserScramCredentialRecord = Decoded<typeof removeUserScramCredentialRecord>;

export const beginTransactionRecord = message(
  { name: 'BeginTransactionRecord', kind: 'metadata', apiKey: 23, versions: '0', flexible: '0+' },
  {
    name: string('0+', { nullable: '0+', tagged: '0+', tag: 0, default: null }),
  },
);
export type BeginTransactionRecord = Decoded<typeof beginTransactionRecord>;

export const endTransactionRecord = message(
  { name: 'EndTransactionRecord', kind: 'metadata', apiKey: 24, versions: '0', flexible: '0+' },
  {},
);
export type EndTransactionRecord = Decoded<typeof endTransactionRecord>;

export const abortTransactionRecord = message(
  { name: 'AbortTransactionRecord', kind: 'metadata', apiKey: 25, versions: '0', flexible: '0+' },
  {
    reason: string('0+', { nullable: '0+', tagged: '0+', tag: 0, default: null }),
  },
);
export type AbortTransactionRecord = Decoded<typeof abortTransactionRecord>;

export const removeDelegationTokenRecord = message(
  { name: 'RemoveDelegationTokenRecord', kind: 'metadata', apiKey: 26, versions: '0', flexible: '0+' },
  {
    tokenId: string('0+'),
  },
);
export type RemoveDelegationTokenRecord = Decoded<typeof removeDelegationTokenRecord>;

export const registerControllerRecord = message(
  { name: 'RegisterControllerRecord', kind: 'metadata', apiKey: 27, versions: '0', flexible: '0+' },
  {
    controllerId: int32('0+'),
    incarnationId: uuid('0+'),
    zkMigrationReady: bool('0+'),
    endPoints: array(
      struct('ControllerEndpoint', {
        name: string('0+', { mapKey: true }),
        host: string('0+'),
        port: uint16('0+'),
        securityProtocol: int16('0+'),
      }),
      '0+',
    ),
    features: array(
      struct('ControllerFeature', {
        name: string('0+', { mapKey: true }),
        minSupportedVersion: int16('0+'),
        maxSupportedVersion: int16('0+'),
      }),
      '0+',
    ),
  },
);
export type RegisterControllerRecord = Decoded<typeof registerControllerRecord>;

export const clearElrRecord = message(
  { name: 'ClearElrRecord', kind: 'metadata', apiKey: 28, versions: '0', flexible: '0+' },
  {
    topicName: string('0+', { entityType: 'topicName' }),
  },
);
export type ClearElrRecord = Decoded<typeof clearElrRecord>;
