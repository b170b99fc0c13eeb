/** What brokers ask of the controller about themselves: registration, heartbeats, producer ids. */
import { type ApiRow, apiRow } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import {
  allocateProducerIdsRequest,
  allocateProducerIdsResponse,
} from '../../protocol/messages/allocate-producer-ids.ts';
import { brokerHeartbeatRequest, brokerHeartbeatResponse } from '../../protocol/messages/broker-heartbeat.ts';
import { brokerRegistrationRequest, brokerRegistrationResponse } from '../../protocol/messages/broker-registration.ts';
import {
  controllerRegistrationRequest,
  controllerRegistrationResponse,
} from '../../protocol/messages/controller-registration.ts';
import { unregisterBrokerRequest, unregisterBrokerResponse } from '../../protocol/messages/unregister-broker.ts';
import { brokerHeartbeat } from '../brokers/heartbeat.ts';
import { registerBroker, registerController, unregisterBroker } from '../brokers/registration.ts';
import { allocateProducerIds } from '../cluster/producer-ids.ts';
import type { ControllerDeps } from './deps.ts';

const OK = { throttleTimeMs: 0, errorCode: ErrorCode.NONE } as const;

function registrationRow({ controller }: ControllerDeps): ApiRow {
  return apiRow({
    apiKey: 62,
    name: 'BrokerRegistration',
    request: brokerRegistrationRequest,
    response: brokerRegistrationResponse,
    minVersion: 0,
    maxVersion: 4,
    ordering: 'serial',
    handle: async (request) => {
      const reply = await controller.submit('registerBroker', (context) => registerBroker(context, request));
      return { ...OK, brokerEpoch: reply.brokerEpoch };
    },
    errorResponse: (_request, errorCode) => ({ throttleTimeMs: 0, errorCode, brokerEpoch: -1 }),
  });
}

function heartbeatRow({ controller }: ControllerDeps): ApiRow {
  return apiRow({
    apiKey: 63,
    name: 'BrokerHeartbeat',
    request: brokerHeartbeatRequest,
    response: brokerHeartbeatResponse,
    minVersion: 0,
    maxVersion: 2,
    ordering: 'serial',
    handle: async (request) => {
      const reply = await controller.submit('brokerHeartbeat', (context) => brokerHeartbeat(context, request));
      return { ...OK, ...reply };
    },
    errorResponse: (_request, errorCode) => ({
      throttleTimeMs: 0,
      errorCode,
      isCaughtUp: false,
      isFenced: true,
      shouldShutDown: false,
    }),
  });
}

function unregisterRow({ controller }: ControllerDeps): ApiRow {
  return apiRow({
    apiKey: 64,
    name: 'UnregisterBroker',
    request: unregisterBrokerRequest,
    response: unregisterBrokerResponse,
    minVersion: 0,
    maxVersion: 0,
    ordering: 'serial',
    handle: async (request) => {
      await controller.submit('unregisterBroker', (context) => unregisterBroker(context, request.brokerId));
      return { ...OK, errorMessage: '' };
    },
    errorResponse: (_request, errorCode, errorMessage) => ({ throttleTimeMs: 0, errorCode, errorMessage }),
  });
}

function producerIdsRow({ controller }: ControllerDeps): ApiRow {
  return apiRow({
    apiKey: 67,
    name: 'AllocateProducerIds',
    request: allocateProducerIdsRequest,
    response: allocateProducerIdsResponse,
    minVersion: 0,
    maxVersion: 0,
    ordering: 'serial',
    handle: async (request) => {
      const block = await controller.submit('getNextProducerIds', (context) =>
        allocateProducerIds(context, request.brokerId, request.brokerEpoch),
      );
      return { ...OK, producerIdStart: block.start, producerIdLen: block.size };
    },
    errorResponse: (_request, errorCode) => ({ throttleTimeMs: 0, errorCode, producerIdStart: 0, producerIdLen: 0 }),
  });
}

function controllerRegistrationRow({ controller }: ControllerDeps): ApiRow {
  return apiRow({
    apiKey: 70,
    name: 'ControllerRegistration',
    request: controllerRegistrationRequest,
    response: controllerRegistrationResponse,
    minVersion: 0,
    maxVersion: 0,
    ordering: 'serial',
    handle: async (request) => {
      await controller.submit('registerController', (context) => registerController(context, request));
      return { ...OK, errorMessage: '' };
    },
    errorResponse: (_request, errorCode, errorMessage) => ({ throttleTimeMs: 0, errorCode, errorMessage }),
  });
}

export function brokerRows(deps: ControllerDeps): ApiRow[] {
  return [
    registrationRow(deps),
    heartbeatRow(deps),
    unregisterRow(deps),
    producerIdsRow(deps),
    controllerRegistrationRow(deps),
  ];
}
