/**
 * InitProducerId for idempotent producers. A transactional id gets at once an error that clients treat as fatal, until
 * there are transactions.
 */
import { type ApiRow, apiRow } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { initProducerIdRequest, initProducerIdResponse } from '../../protocol/messages/init-producer-id.ts';
import type { ProducerIdAllocator } from '../producer-id-allocator.ts';

export function initProducerIdRow(allocator: ProducerIdAllocator): ApiRow {
  return apiRow({
    apiKey: 22,
    name: 'InitProducerId',
    request: initProducerIdRequest,
    response: initProducerIdResponse,
    minVersion: 0,
    maxVersion: 5,
    ordering: 'serial',
    handle: async (request) => {
      if (request.transactionalId === '') return refusal(ErrorCode.INVALID_REQUEST);
      if (request.transactionalId !== null) return refusal(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
      const known = request.producerId >= 0;
      if (known !== request.producerEpoch >= 0) return refusal(ErrorCode.INVALID_REQUEST);
      return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, producerId: await allocator.next(), producerEpoch: 0 };
    },
    errorResponse: (_request, code) => refusal(code),
  });
}

function refusal(errorCode: number) {
  return { throttleTimeMs: 0, errorCode, producerId: -1, producerEpoch: -1 };
}
