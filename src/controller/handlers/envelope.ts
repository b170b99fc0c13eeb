/**
 * Envelope: a client's request that a broker passes on, with the principal and address of the client (KIP-590). The
 * inner request goes to its own row, and its whole response, header included, travels back inside.
 */
import {
  type ApiRow,
  apiRow,
  CLOSE_CONNECTION,
  NO_RESPONSE,
  type Principal,
  type RequestContext,
} from '../../network/handler.ts';
import { int16At } from '../../protocol/batch.ts';
import { decodeMessage } from '../../protocol/codec.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { decodeRequestHeader, encodeResponseFrame } from '../../protocol/frames.ts';
import { KafkaError, ProtocolError } from '../../protocol/kafka-error.ts';
import { type EnvelopeRequest, envelopeRequest, envelopeResponse } from '../../protocol/messages/envelope.ts';
import { defaultPrincipalData } from '../../protocol/messages/principal.ts';
import type { Message } from '../../protocol/schema.ts';
import { addressText } from './client-address.ts';
import type { RowLookup } from './deps.ts';

const FRAME_SIZE_BYTES = 4;
const PRINCIPAL_VERSION_BYTES = 2;

/** Whatever an Envelope may carry: never another Envelope, and nothing that brokers ask for themselves. */
const FORWARDABLE = new Set([
  19, 20, 29, 30, 31, 33, 37, 38, 39, 40, 43, 44, 45, 46, 48, 49, 50, 51, 55, 57, 64, 80, 81,
]);

function innerPrincipal(bytes: Buffer | null): Principal {
  if (bytes === null || bytes.length < PRINCIPAL_VERSION_BYTES) {
    throw new KafkaError(ErrorCode.PRINCIPAL_DESERIALIZATION_FAILURE, 'The envelope carries no principal.');
  }
  try {
    const version = int16At(bytes, 0);
    return decodeMessage(defaultPrincipalData, version, bytes, PRINCIPAL_VERSION_BYTES);
  } catch (error) {
    throw new KafkaError(ErrorCode.PRINCIPAL_DESERIALIZATION_FAILURE, 'The principal in the envelope cannot be read.', {
      cause: error,
    });
  }
}

interface ForwardedContext extends RequestContext {
  readonly isForwarded: true;
}

/** Whether the request came in an Envelope: then a broker has looked at it before. */
export function isForwarded(context: RequestContext): boolean {
  return 'isForwarded' in context;
}

interface InnerRequest {
  readonly row: ApiRow;
  readonly request: unknown;
  readonly context: ForwardedContext;
}

function unwrap(envelope: EnvelopeRequest, outer: RequestContext, rows: RowLookup): InnerRequest {
  const { requestData, requestPrincipal, clientHostAddress } = envelope;
  const principal = innerPrincipal(requestPrincipal);
  const header = decodeRequestHeader(requestData);
  const row = FORWARDABLE.has(header.apiKey) ? rows(header.apiKey) : undefined;
  if (row === undefined) {
    throw new KafkaError(ErrorCode.INVALID_REQUEST, `API key ${header.apiKey} cannot be forwarded.`);
  }
  if (header.apiVersion < row.minVersion || header.apiVersion > row.maxVersion) {
    throw new KafkaError(ErrorCode.UNSUPPORTED_VERSION, `${row.name} has no version ${header.apiVersion} here.`);
  }
  const request = decodeMessage(row.request, header.apiVersion, requestData, header.bodyStart);
  const context: ForwardedContext = {
    isForwarded: true,
    connectionId: outer.connectionId,
    listenerName: outer.listenerName,
    clientSoftwareName: outer.clientSoftwareName,
    clientSoftwareVersion: outer.clientSoftwareVersion,
    apiKey: header.apiKey,
    apiVersion: header.apiVersion,
    correlationId: header.correlationId,
    clientId: header.clientId,
    clientAddress: addressText(clientHostAddress),
    principal,
    frame: requestData,
    onConnectionClosed: (run) => outer.onConnectionClosed(run),
  };
  return { row, request, context };
}

async function innerResponse({ row, request, context }: InnerRequest): Promise<unknown> {
  let result: unknown;
  try {
    result = await row.handle(request as never, context);
  } catch (error) {
    // Not the client's business: the broker looks for the new controller and asks again.
    if (!(error instanceof KafkaError) || error.code === ErrorCode.NOT_CONTROLLER) throw error;
    result = row.errorResponse(request as never, error.code, error.message, context);
  }
  if (result === NO_RESPONSE || result === CLOSE_CONNECTION) {
    throw new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, `${row.name} has no response to forward.`);
  }
  return result;
}

export function envelopeRow(rows: RowLookup): ApiRow {
  return apiRow({
    apiKey: 58,
    name: 'Envelope',
    request: envelopeRequest,
    response: envelopeResponse,
    minVersion: 0,
    maxVersion: 0,
    ordering: 'serial',
    handle: async (request, outer) => {
      let inner: InnerRequest;
      try {
        inner = unwrap(request, outer, rows);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        throw new KafkaError(ErrorCode.INVALID_REQUEST, error.message, { cause: error });
      }
      const body = await innerResponse(inner);
      const { apiVersion, correlationId } = inner.context;
      const response = inner.row.response as Message<unknown, unknown>;
      const frame = encodeResponseFrame(response, apiVersion, correlationId, body);
      return { responseData: frame.subarray(FRAME_SIZE_BYTES), errorCode: ErrorCode.NONE };
    },
    errorResponse: (_request, errorCode) => ({ responseData: null, errorCode }),
  });
}
