/** The requests that drills make, each at one version that Apache Kafka 4.3.1 and kts both know. */
import { createTopicsRequest, createTopicsResponse } from '../../../src/protocol/messages/create-topics.ts';
import { deleteTopicsRequest, deleteTopicsResponse } from '../../../src/protocol/messages/delete-topics.ts';
import { describeClusterRequest, describeClusterResponse } from '../../../src/protocol/messages/describe-cluster.ts';
import { describeQuorumRequest, describeQuorumResponse } from '../../../src/protocol/messages/describe-quorum.ts';
import { electLeadersRequest, electLeadersResponse } from '../../../src/protocol/messages/elect-leaders.ts';
import { fetchRequest, fetchResponse } from '../../../src/protocol/messages/fetch.ts';
import { findCoordinatorRequest, findCoordinatorResponse } from '../../../src/protocol/messages/find-coordinator.ts';
import { initProducerIdRequest, initProducerIdResponse } from '../../../src/protocol/messages/init-producer-id.ts';
import { metadataRequest, metadataResponse } from '../../../src/protocol/messages/metadata.ts';
import { offsetCommitRequest, offsetCommitResponse } from '../../../src/protocol/messages/offset-commit.ts';
import { offsetFetchRequest, offsetFetchResponse } from '../../../src/protocol/messages/offset-fetch.ts';
import { produceRequest, produceResponse } from '../../../src/protocol/messages/produce.ts';

export const METADATA = { request: metadataRequest, response: metadataResponse, version: 12 } as const;
export const CREATE_TOPICS = { request: createTopicsRequest, response: createTopicsResponse, version: 7 } as const;
export const DELETE_TOPICS = { request: deleteTopicsRequest, response: deleteTopicsResponse, version: 4 } as const;
export const DESCRIBE_CLUSTER = {
  request: describeClusterRequest,
  response: describeClusterResponse,
  version: 2,
} as const;
export const DESCRIBE_QUORUM = {
  request: describeQuorumRequest,
  response: describeQuorumResponse,
  version: 2,
} as const;
export const ELECT_LEADERS = { request: electLeadersRequest, response: electLeadersResponse, version: 2 } as const;
export const FETCH = { request: fetchRequest, response: fetchResponse, version: 12 } as const;
export const FIND_COORDINATOR = {
  request: findCoordinatorRequest,
  response: findCoordinatorResponse,
  version: 3,
} as const;
export const INIT_PRODUCER_ID = {
  request: initProducerIdRequest,
  response: initProducerIdResponse,
  version: 4,
} as const;
export const OFFSET_COMMIT = { request: offsetCommitRequest, response: offsetCommitResponse, version: 8 } as const;
export const OFFSET_FETCH = { request: offsetFetchRequest, response: offsetFetchResponse, version: 7 } as const;
export const PRODUCE = { request: produceRequest, response: produceResponse, version: 9 } as const;
