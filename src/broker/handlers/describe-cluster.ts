/** DescribeCluster on a broker's listener: the brokers, fenced ones on request (KIP-1073). */
import { type ApiRow, apiRow } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { describeClusterRequest, describeClusterResponse } from '../../protocol/messages/describe-cluster.ts';
import { CLUSTER_OPERATIONS, OPERATIONS_NOT_ASKED } from '../authorized-operations.ts';
import { endpointOf } from '../cluster-nodes.ts';
import type { BrokerServices } from '../services.ts';

const ENDPOINT_BROKERS = 1;
const ENDPOINT_CONTROLLERS = 2;

export function describeClusterRow(services: BrokerServices): ApiRow {
  return apiRow({
    apiKey: 60,
    name: 'DescribeCluster',
    request: describeClusterRequest,
    response: describeClusterResponse,
    minVersion: 0,
    maxVersion: 2,
    ordering: 'serial',
    handle: (request, context) => {
      if (request.endpointType !== ENDPOINT_BROKERS) {
        const asksControllers = request.endpointType === ENDPOINT_CONTROLLERS;
        return refusal(
          asksControllers ? ErrorCode.MISMATCHED_ENDPOINT_TYPE : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
          asksControllers
            ? 'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER'
            : `Unsupported endpoint type ${request.endpointType}`,
        );
      }
      const brokers = [];
      for (const broker of services.image().brokers.values()) {
        const endpoint = endpointOf(broker, context.listenerName);
        if (!endpoint || (broker.fenced && !request.includeFencedBrokers)) continue;
        const { host, port } = endpoint;
        brokers.push({ brokerId: broker.id, host, port, rack: broker.rack, isFenced: broker.fenced });
      }
      return {
        throttleTimeMs: 0,
        errorCode: ErrorCode.NONE,
        clusterId: services.clusterId,
        controllerId: brokers.find((broker) => !broker.isFenced)?.brokerId ?? -1,
        brokers,
        clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
          ? CLUSTER_OPERATIONS
          : OPERATIONS_NOT_ASKED,
      };
    },
    errorResponse: (_request, code, message) => refusal(code, message),
  });
}

function refusal(errorCode: number, errorMessage: string | null) {
  return { throttleTimeMs: 0, errorCode, errorMessage, clusterId: '', brokers: [] };
}
