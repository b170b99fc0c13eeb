/** Every API of the protocol: key, name, schemas. Removed APIs (4 to 7) are absent. */

import { addOffsetsToTxnRequest, addOffsetsToTxnResponse } from './messages/add-offsets-to-txn.ts';
import { addPartitionsToTxnRequest, addPartitionsToTxnResponse } from './messages/add-partitions-to-txn.ts';
import { addRaftVoterRequest, addRaftVoterResponse } from './messages/add-raft-voter.ts';
import { allocateProducerIdsRequest, allocateProducerIdsResponse } from './messages/allocate-producer-ids.ts';
import { alterClientQuotasRequest, alterClientQuotasResponse } from './messages/alter-client-quotas.ts';
import { alterConfigsRequest, alterConfigsResponse } from './messages/alter-configs.ts';
import { alterPartitionRequest, alterPartitionResponse } from './messages/alter-partition.ts';
import {
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
} from './messages/alter-partition-reassignments.ts';
import { alterReplicaLogDirsRequest, alterReplicaLogDirsResponse } from './messages/alter-replica-log-dirs.ts';
import { alterShareGroupOffsetsRequest, alterShareGroupOffsetsResponse } from './messages/alter-share-group-offsets.ts';
import {
  alterUserScramCredentialsRequest,
  alterUserScramCredentialsResponse,
} from './messages/alter-user-scram-credentials.ts';
import { apiVersionsRequest, apiVersionsResponse } from './messages/api-versions.ts';
import { assignReplicasToDirsRequest, assignReplicasToDirsResponse } from './messages/assign-replicas-to-dirs.ts';
import { beginQuorumEpochRequest, beginQuorumEpochResponse } from './messages/begin-quorum-epoch.ts';
import { brokerHeartbeatRequest, brokerHeartbeatResponse } from './messages/broker-heartbeat.ts';
import { brokerRegistrationRequest, brokerRegistrationResponse } from './messages/broker-registration.ts';
import { consumerGroupDescribeRequest, consumerGroupDescribeResponse } from './messages/consumer-group-describe.ts';
import { consumerGroupHeartbeatRequest, consumerGroupHeartbeatResponse } from './messages/consumer-group-heartbeat.ts';
import { controllerRegistrationRequest, controllerRegistrationResponse } from './messages/controller-registration.ts';
import { createAclsRequest, createAclsResponse } from './messages/create-acls.ts';
import { createDelegationTokenRequest, createDelegationTokenResponse } from './messages/create-delegation-token.ts';
import { createPartitionsRequest, createPartitionsResponse } from './messages/create-partitions.ts';
import { createTopicsRequest, createTopicsResponse } from './messages/create-topics.ts';
import { deleteAclsRequest, deleteAclsResponse } from './messages/delete-acls.ts';
import { deleteGroupsRequest, deleteGroupsResponse } from './messages/delete-groups.ts';
import { deleteRecordsRequest, deleteRecordsResponse } from './messages/delete-records.ts';
import {
  deleteShareGroupOffsetsRequest,
  deleteShareGroupOffsetsResponse,
} from './messages/delete-share-group-offsets.ts';
import { deleteShareGroupStateRequest, deleteShareGroupStateResponse } from './messages/delete-share-group-state.ts';
import { deleteTopicsRequest, deleteTopicsResponse } from './messages/delete-topics.ts';
import { describeAclsRequest, describeAclsResponse } from './messages/describe-acls.ts';
import { describeClientQuotasRequest, describeClientQuotasResponse } from './messages/describe-client-quotas.ts';
import { describeClusterRequest, describeClusterResponse } from './messages/describe-cluster.ts';
import { describeConfigsRequest, describeConfigsResponse } from './messages/describe-configs.ts';
import {
  describeDelegationTokenRequest,
  describeDelegationTokenResponse,
} from './messages/describe-delegation-token.ts';
import { describeGroupsRequest, describeGroupsResponse } from './messages/describe-groups.ts';
import { describeLogDirsRequest, describeLogDirsResponse } from './messages/describe-log-dirs.ts';
import { describeProducersRequest, describeProducersResponse } from './messages/describe-producers.ts';
import { describeQuorumRequest, describeQuorumResponse } from './messages/describe-quorum.ts';
import {
  describeShareGroupOffsetsRequest,
  describeShareGroupOffsetsResponse,
} from './messages/describe-share-group-offsets.ts';
import {
  describeTopicPartitionsRequest,
  describeTopicPartitionsResponse,
} from './messages/describe-topic-partitions.ts';
import { describeTransactionsRequest, describeTransactionsResponse } from './messages/describe-transactions.ts';
import {
  describeUserScramCredentialsRequest,
  describeUserScramCredentialsResponse,
} from './messages/describe-user-scram-credentials.ts';
import { electLeadersRequest, electLeadersResponse } from './messages/elect-leaders.ts';
import { endQuorumEpochRequest, endQuorumEpochResponse } from './messages/end-quorum-epoch.ts';
import { endTxnRequest, endTxnResponse } from './messages/end-txn.ts';
import { envelopeRequest, envelopeResponse } from './messages/envelope.ts';
import { expireDelegationTokenRequest, expireDelegationTokenResponse } from './messages/expire-delegation-token.ts';
import { fetchRequest, fetchResponse } from './messages/fetch.ts';
import { fetchSnapshotRequest, fetchSnapshotResponse } from './messages/fetch-snapshot.ts';
import { findCoordinatorRequest, findCoordinatorResponse } from './messages/find-coordinator.ts';
import {
  getTelemetrySubscriptionsRequest,
  getTelemetrySubscriptionsResponse,
} from './messages/get-telemetry-subscriptions.ts';
import { heartbeatRequest, heartbeatResponse } from './messages/heartbeat.ts';
import {
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
} from './messages/incremental-alter-configs.ts';
import { initProducerIdRequest, initProducerIdResponse } from './messages/init-producer-id.ts';
import {
  initializeShareGroupStateRequest,
  initializeShareGroupStateResponse,
} from './messages/initialize-share-group-state.ts';
import { joinGroupRequest, joinGroupResponse } from './messages/join-group.ts';
import { leaveGroupRequest, leaveGroupResponse } from './messages/leave-group.ts';
import { listConfigResourcesRequest, listConfigResourcesResponse } from './messages/list-config-resources.ts';
import { listGroupsRequest, listGroupsResponse } from './messages/list-groups.ts';
import { listOffsetsRequest, listOffsetsResponse } from './messages/list-offsets.ts';
import {
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
} from './messages/list-partition-reassignments.ts';
import { listTransactionsRequest, listTransactionsResponse } from './messages/list-transactions.ts';
import { metadataRequest, metadataResponse } from './messages/metadata.ts';
import { offsetCommitRequest, offsetCommitResponse } from './messages/offset-commit.ts';
import { offsetDeleteRequest, offsetDeleteResponse } from './messages/offset-delete.ts';
import { offsetFetchRequest, offsetFetchResponse } from './messages/offset-fetch.ts';
import { offsetForLeaderEpochRequest, offsetForLeaderEpochResponse } from './messages/offset-for-leader-epoch.ts';
import { produceRequest, produceResponse } from './messages/produce.ts';
import { pushTelemetryRequest, pushTelemetryResponse } from './messages/push-telemetry.ts';
import { readShareGroupStateRequest, readShareGroupStateResponse } from './messages/read-share-group-state.ts';
import {
  readShareGroupStateSummaryRequest,
  readShareGroupStateSummaryResponse,
} from './messages/read-share-group-state-summary.ts';
import { removeRaftVoterRequest, removeRaftVoterResponse } from './messages/remove-raft-voter.ts';
import { renewDelegationTokenRequest, renewDelegationTokenResponse } from './messages/renew-delegation-token.ts';
import { saslAuthenticateRequest, saslAuthenticateResponse } from './messages/sasl-authenticate.ts';
import { saslHandshakeRequest, saslHandshakeResponse } from './messages/sasl-handshake.ts';
import { shareAcknowledgeRequest, shareAcknowledgeResponse } from './messages/share-acknowledge.ts';
import { shareFetchRequest, shareFetchResponse } from './messages/share-fetch.ts';
import { shareGroupDescribeRequest, shareGroupDescribeResponse } from './messages/share-group-describe.ts';
import { shareGroupHeartbeatRequest, shareGroupHeartbeatResponse } from './messages/share-group-heartbeat.ts';
import { streamsGroupDescribeRequest, streamsGroupDescribeResponse } from './messages/streams-group-describe.ts';
import { streamsGroupHeartbeatRequest, streamsGroupHeartbeatResponse } from './messages/streams-group-heartbeat.ts';
import { syncGroupRequest, syncGroupResponse } from './messages/sync-group.ts';
import { txnOffsetCommitRequest, txnOffsetCommitResponse } from './messages/txn-offset-commit.ts';
import { unregisterBrokerRequest, unregisterBrokerResponse } from './messages/unregister-broker.ts';
import { updateFeaturesRequest, updateFeaturesResponse } from './messages/update-features.ts';
import { updateRaftVoterRequest, updateRaftVoterResponse } from './messages/update-raft-voter.ts';
import { voteRequest, voteResponse } from './messages/vote.ts';
import { writeShareGroupStateRequest, writeShareGroupStateResponse } from './messages/write-share-group-state.ts';
import { writeTxnMarkersRequest, writeTxnMarkersResponse } from './messages/write-txn-markers.ts';
import type { Message } from './schema.ts';

export interface Api {
  readonly key: number;
  readonly name: string;
  readonly request: Message;
  readonly response: Message;
}

export const APIS: readonly Api[] = [
  { key: 0, name: 'Produce', request: produceRequest, response: produceResponse },
  { key: 1, name: 'Fetch', request: fetchRequest, response: fetchResponse },
  { key: 2, name: 'ListOffsets', request: listOffsetsRequest, response: listOffsetsResponse },
  { key: 3, name: 'Metadata', request: metadataRequest, response: metadataResponse },
  { key: 8, name: 'OffsetCommit', request: offsetCommitRequest, response: offsetCommitResponse },
  { key: 9, name: 'OffsetFetch', request: offsetFetchRequest, response: offsetFetchResponse },
  { key: 10, name: 'FindCoordinator', request: findCoordinatorRequest, response: findCoordinatorResponse },
  { key: 11, name: 'JoinGroup', request: joinGroupRequest, response: joinGroupResponse },
  { key: 12, name: 'Heartbeat', request: heartbeatRequest, response: heartbeatResponse },
  { key: 13, name: 'LeaveGroup', request: leaveGroupRequest, response: leaveGroupResponse },
  { key: 14, name: 'SyncGroup', request: syncGroupRequest, response: syncGroupResponse },
  { key: 15, name: 'DescribeGroups', request: describeGroupsRequest, response: describeGroupsResponse },
  { key: 16, name: 'ListGroups', request: listGroupsRequest, response: listGroupsResponse },
  { key: 17, name: 'SaslHandshake', request: saslHandshakeRequest, response: saslHandshakeResponse },
  { key: 18, name: 'ApiVersions', request: apiVersionsRequest, response: apiVersionsResponse },
  { key: 19, name: 'CreateTopics', request: createTopicsRequest, response: createTopicsResponse },
  { key: 20, name: 'DeleteTopics', request: deleteTopicsRequest, response: deleteTopicsResponse },
  { key: 21, name: 'DeleteRecords', request: deleteRecordsRequest, response: deleteRecordsResponse },
  { key: 22, name: 'InitProducerId', request: initProducerIdRequest, response: initProducerIdResponse },
  {
    key: 23,
    name: 'OffsetForLeaderEpoch',
    request: offsetForLeaderEpochRequest,
    response: offsetForLeaderEpochResponse,
  },
  { key: 24, name: 'AddPartitionsToTxn', request: addPartitionsToTxnRequest, response: addPartitionsToTxnResponse },
  { key: 25, name: 'AddOffsetsToTxn', request: addOffsetsToTxnRequest, response: addOffsetsToTxnResponse },
  { key: 26, name: 'EndTxn', request: endTxnRequest, response: endTxnResponse },
  { key: 27, name: 'WriteTxnMarkers', request: writeTxnMarkersRequest, response: writeTxnMarkersResponse },
  { key: 28, name: 'TxnOffsetCommit', request: txnOffsetCommitRequest, response: txnOffsetCommitResponse },
  { key: 29, name: 'DescribeAcls', request: describeAclsRequest, response: describeAclsResponse },
  { key: 30, name: 'CreateAcls', request: createAclsRequest, response: createAclsResponse },
  { key: 31, name: 'DeleteAcls', request: deleteAclsRequest, response: deleteAclsResponse },
  { key: 32, name: 'DescribeConfigs', request: describeConfigsRequest, response: describeConfigsResponse },
  { key: 33, name: 'AlterConfigs', request: alterConfigsRequest, response: alterConfigsResponse },
  { key: 34, name: 'AlterReplicaLogDirs', request: alterReplicaLogDirsRequest, response: alterReplicaLogDirsResponse },
  { key: 35, name: 'DescribeLogDirs', request: describeLogDirsRequest, response: describeLogDirsResponse },
  { key: 36, name: 'SaslAuthenticate', request: saslAuthenticateRequest, response: saslAuthenticateResponse },
  { key: 37, name: 'CreatePartitions', request: createPartitionsRequest, response: createPartitionsResponse },
  {
    key: 38,
    name: 'CreateDelegationToken',
    request: createDelegationTokenRequest,
    response: createDelegationTokenResponse,
  },
  {
    key: 39,
    name: 'RenewDelegationToken',
    request: renewDelegationTokenRequest,
    response: renewDelegationTokenResponse,
  },
  {
    key: 40,
    name: 'ExpireDelegationToken',
    request: expireDelegationTokenRequest,
    response: expireDelegationTokenResponse,
  },
  {
    key: 41,
    name: 'DescribeDelegationToken',
    request: describeDelegationTokenRequest,
    response: describeDelegationTokenResponse,
  },
  { key: 42, name: 'DeleteGroups', request: deleteGroupsRequest, response: deleteGroupsResponse },
  { key: 43, name: 'ElectLeaders', request: electLeadersRequest, response: electLeadersResponse },
  {
    key: 44,
    name: 'IncrementalAlterConfigs',
    request: incrementalAlterConfigsRequest,
    response: incrementalAlterConfigsResponse,
  },
  {
    key: 45,
    name: 'AlterPartitionReassignments',
    request: alterPartitionReassignmentsRequest,
    response: alterPartitionReassignmentsResponse,
  },
  {
    key: 46,
    name: 'ListPartitionReassignments',
    request: listPartitionReassignmentsRequest,
    response: listPartitionReassignmentsResponse,
  },
  { key: 47, name: 'OffsetDelete', request: offsetDeleteRequest, response: offsetDeleteResponse },
  {
    key: 48,
    name: 'DescribeClientQuotas',
    request: describeClientQuotasRequest,
    response: describeClientQuotasResponse,
  },
  { key: 49, name: 'AlterClientQuotas', request: alterClientQuotasRequest, response: alterClientQuotasResponse },
  {
    key: 50,
    name: 'DescribeUserScramCredentials',
    request: describeUserScramCredentialsRequest,
    response: describeUserScramCredentialsResponse,
  },
  {
    key: 51,
    name: 'AlterUserScramCredentials',
    request: alterUserScramCredentialsRequest,
    response: alterUserScramCredentialsResponse,
  },
  { key: 52, name: 'Vote', request: voteRequest, response: voteResponse },
  { key: 53, name: 'BeginQuorumEpoch', request: beginQuorumEpochRequest, response: beginQuorumEpochResponse },
  { key: 54, name: 'EndQuorumEpoch', request: endQuorumEpochRequest, response: endQuorumEpochResponse },
  { key: 55, name: 'DescribeQuorum', request: describeQuorumRequest, response: describeQuorumResponse },
  { key: 56, name: 'AlterPartition', request: alterPartitionRequest, response: alterPartitionResponse },
  { key: 57, name: 'UpdateFeatures', request: updateFeaturesRequest, response: updateFeaturesResponse },
  { key: 58, name: 'Envelope', request: envelopeRequest, response: envelopeResponse },
  { key: 59, name: 'FetchSnapshot', request: fetchSnapshotRequest, response: fetchSnapshotResponse },
  { key: 60, name: 'DescribeCluster', request: describeClusterRequest, response: describeClusterResponse },
  { key: 61, name: 'DescribeProducers', request: describeProducersRequest, response: describeProducersResponse },
  { key: 62, name: 'BrokerRegistration', request: brokerRegistrationRequest, response: brokerRegistrationResponse },
  { key: 63, name: 'BrokerHeartbeat', request: brokerHeartbeatRequest, response: brokerHeartbeatResponse },
  { key: 64, name: 'UnregisterBroker', request: unregisterBrokerRequest, response: unregisterBrokerResponse },
  {
    key: 65,
    name: 'DescribeTransactions',
    request: describeTransactionsRequest,
    response: describeTransactionsResponse,
  },
  { key: 66, name: 'ListTransactions', request: listTransactionsRequest, response: listTransactionsResponse },
  { key: 67, name: 'AllocateProducerIds', request: allocateProducerIdsRequest, response: allocateProducerIdsResponse },
  {
    key: 68,
    name: 'ConsumerGroupHeartbeat',
    request: consumerGroupHeartbeatRequest,
    response: consumerGroupHeartbeatResponse,
  },
  {
    key: 69,
    name: 'ConsumerGroupDescribe',
    request: consumerGroupDescribeRequest,
    response: consumerGroupDescribeResponse,
  },
  {
    key: 70,
    name: 'ControllerRegistration',
    request: controllerRegistrationRequest,
    response: controllerRegistrationResponse,
  },
  {
    key: 71,
    name: 'GetTelemetrySubscriptions',
    request: getTelemetrySubscriptionsRequest,
    response: getTelemetrySubscriptionsResponse,
  },
  { key: 72, name: 'PushTelemetry', request: pushTelemetryRequest, response: pushTelemetryResponse },
  {
    key: 73,
    name: 'AssignReplicasToDirs',
    request: assignReplicasToDirsRequest,
    response: assignReplicasToDirsResponse,
  },
  { key: 74, name: 'ListConfigResources', request: listConfigResourcesRequest, response: listConfigResourcesResponse },
  {
    key: 75,
    name: 'DescribeTopicPartitions',
    request: describeTopicPartitionsRequest,
    response: describeTopicPartitionsResponse,
  },
  { key: 76, name: 'ShareGroupHeartbeat', request: shareGroupHeartbeatRequest, response: shareGroupHeartbeatResponse },
  { key: 77, name: 'ShareGroupDescribe', request: shareGroupDescribeRequest, response: shareGroupDescribeResponse },
  { key: 78, name: 'ShareFetch', request: shareFetchRequest, response: shareFetchResponse },
  { key: 79, name: 'ShareAcknowledge', request: shareAcknowledgeRequest, response: shareAcknowledgeResponse },
  { key: 80, name: 'AddRaftVoter', request: addRaftVoterRequest, response: addRaftVoterResponse },
  { key: 81, name: 'RemoveRaftVoter', request: removeRaftVoterRequest, response: removeRaftVoterResponse },
  { key: 82, name: 'UpdateRaftVoter', request: updateRaftVoterRequest, response: updateRaftVoterResponse },
  {
    key: 83,
    name: 'InitializeShareGroupState',
    request: initializeShareGroupStateRequest,
    response: initializeShareGroupStateResponse,
  },
  { key: 84, name: 'ReadShareGroupState', request: readShareGroupStateRequest, response: readShareGroupStateResponse },
  {
    key: 85,
    name: 'WriteShareGroupState',
    request: writeShareGroupStateRequest,
    response: writeShareGroupStateResponse,
  },
  {
    key: 86,
    name: 'DeleteShareGroupState',
    request: deleteShareGroupStateRequest,
    response: deleteShareGroupStateResponse,
  },
  {
    key: 87,
    name: 'ReadShareGroupStateSummary',
    request: readShareGroupStateSummaryRequest,
    response: readShareGroupStateSummaryResponse,
  },
  {
    key: 88,
    name: 'StreamsGroupHeartbeat',
    request: streamsGroupHeartbeatRequest,
    response: streamsGroupHeartbeatResponse,
  },
  {
    key: 89,
    name: 'StreamsGroupDescribe',
    request: streamsGroupDescribeRequest,
    response: streamsGroupDescribeResponse,
  },
  {
    key: 90,
    name: 'DescribeShareGroupOffsets',
    request: describeShareGroupOffsetsRequest,
    response: describeShareGroupOffsetsResponse,
  },
  {
    key: 91,
    name: 'AlterShareGroupOffsets',
    request: alterShareGroupOffsetsRequest,
    response: alterShareGroupOffsetsResponse,
  },
  {
    key: 92,
    name: 'DeleteShareGroupOffsets',
    request: deleteShareGroupOffsetsRequest,
    response: deleteShareGroupOffsetsResponse,
  },
];
