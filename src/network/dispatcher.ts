/**
 * From a frame to an outcome: which row answers it, with which errors. Knows handler tables and codecs, no sockets and
 * no order. An API or version that the listener does not have ends the connection, as Kafka's does; ApiVersions is
 * answered here, from the table, and always.
 */
import { AssertionFailure } from '../base/assert.ts';
import { causeText, type Logger } from '../base/logger.ts';
import { ApiKey } from '../protocol/api-keys.ts';
import { decodeMessage } from '../protocol/codec.ts';
import { decodeRequestHeader, encodeResponseFrame } from '../protocol/frames.ts';
import { KafkaError, ProtocolError } from '../protocol/kafka-error.ts';
import { apiVersionsRequest, apiVersionsResponse } from '../protocol/messages/api-versions.ts';
import {
  API_VERSIONS_MAX,
  apiVersionsAnswer,
  type FeatureVersions,
  INVALID_API_VERSIONS,
  isSoftwareName,
  UNSUPPORTED_API_VERSIONS,
} from './api-versions.ts';
import type { FramePool } from './frame-pool.ts';
import { apiRow, CLOSE_CONNECTION, type HandlerResult, type HandlerTable, NO_RESPONSE } from './handler.ts';
import type { NetworkMetrics } from './network-metrics.ts';
import { type Outcome, type RequestOrigin, ServerRequest } from './server-request.ts';

const UNKNOWN_SERVER_ERROR = -1;

export interface DispatcherOptions {
  readonly table: HandlerTable;
  readonly features: () => FeatureVersions;
  readonly pool: FramePool;
  readonly logger: Logger;
  readonly metrics: NetworkMetrics;
  /** A failed assert in a handler: the node has to stop. */
  readonly onBug: (failure: AssertionFailure) => void;
}

/** A connection as the dispatcher sees it. */
export interface DispatchOrigin extends RequestOrigin {
  setClientSoftware(name: string, version: string): void;
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #allocate: (size: number) => Buffer;
  readonly #apiVersions = apiRow({
    apiKey: ApiKey.ApiVersions,
    name: 'ApiVersions',
    request: apiVersionsRequest,
    response: apiVersionsResponse,
    minVersion: 0,
    maxVersion: API_VERSIONS_MAX,
    ordering: 'serial',
    handle: (_request, context) => apiVersionsAnswer(this.#options.table, context.apiVersion, this.#options.features()),
    errorResponse: (_request, errorCode) => ({ errorCode, apiKeys: [] }),
  });

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#allocate = (size) => options.pool.take(size);
  }

  /** Throws a ProtocolError where the connection has to end. */
  accept(origin: DispatchOrigin, frame: Buffer): ServerRequest {
    const header = decodeRequestHeader(frame);
    const { apiKey, apiVersion } = header;
    const row = apiKey === ApiKey.ApiVersions ? this.#apiVersions : this.#options.table.get(apiKey);
    if (row === undefined)
      throw new ProtocolError(`API key ${apiKey} is not enabled on listener ${origin.listenerName}`);
    const known = apiVersion >= row.minVersion && apiVersion <= row.maxVersion;
    if (!known && apiKey !== ApiKey.ApiVersions) {
      throw new ProtocolError(`${row.name} has no version ${apiVersion} here`);
    }
    this.#options.metrics.countRequest(apiKey);
    return new ServerRequest(origin, row, header, frame);
  }

  /**
   * Starts a request. Null means that it is answered later, through `done`; everything else is its outcome. Throws a
   * ProtocolError when the body is not what the protocol allows.
   */
  start(
    request: ServerRequest,
    origin: DispatchOrigin,
    done: (request: ServerRequest, outcome: Outcome) => void,
  ): Outcome | null {
    if (request.apiKey === ApiKey.ApiVersions) {
      const refusal = this.#checkApiVersions(request, origin);
      if (refusal !== null) return refusal;
    } else {
      request.body = decodeMessage(request.row.request, request.apiVersion, request.frame, request.bodyStart);
    }
    let result: HandlerResult<unknown> | Promise<HandlerResult<unknown>>;
    try {
      result = request.row.handle(request.body, request);
    } catch (error) {
      return this.#failure(request, error);
    }
    if (!(result instanceof Promise)) return this.#outcome(request, result);
    result.then(
      (value) => done(request, this.#outcome(request, value)),
      (error: unknown) => done(request, this.#failure(request, error)),
    );
    return null;
  }

  #checkApiVersions(request: ServerRequest, origin: DispatchOrigin): Buffer | null {
    const { apiVersion, correlationId } = request;
    if (apiVersion < 0 || apiVersion > API_VERSIONS_MAX) {
      return encodeResponseFrame(apiVersionsResponse, 0, correlationId, UNSUPPORTED_API_VERSIONS);
    }
    const body = decodeMessage(apiVersionsRequest, apiVersion, request.frame, request.bodyStart);
    request.body = body;
    if (apiVersion < 3) return null;
    if (!isSoftwareName(body.clientSoftwareName) || !isSoftwareName(body.clientSoftwareVersion)) {
      return encodeResponseFrame(apiVersionsResponse, apiVersion, correlationId, INVALID_API_VERSIONS);
    }
    origin.setClientSoftware(body.clientSoftwareName, body.clientSoftwareVersion);
    return null;
  }

  #outcome(request: ServerRequest, result: HandlerResult<unknown>): Outcome {
    if (result === NO_RESPONSE) return 'drop';
    if (result === CLOSE_CONNECTION) return 'close';
    try {
      return encodeResponseFrame(
        request.row.response,
        request.apiVersion,
        request.correlationId,
        result,
        this.#allocate,
      );
    } catch (error) {
      // An answer that does not fit its own schema, or whose records could not be read: no client can be told which.
      this.#report(request, error);
      return 'close';
    }
  }

  #failure(request: ServerRequest, error: unknown): Outcome {
    const expected = error instanceof KafkaError;
    if (!expected) this.#report(request, error);
    const code = expected ? error.code : UNKNOWN_SERVER_ERROR;
    const message = expected ? error.message : null;
    try {
      return this.#outcome(request, request.row.errorResponse(request.body, code, message, request));
    } catch (second) {
      this.#report(request, second);
      return 'close';
    }
  }

  #report(request: ServerRequest, error: unknown): void {
    const { metrics, logger, onBug } = this.#options;
    metrics.handlerFailures++;
    const what = `${request.row.name} v${request.apiVersion} from ${request.clientId ?? 'a client'} on ${request.connectionId}`;
    logger.error(
      `Unexpected error while handling ${what}`,
      error instanceof Error ? (error.stack ?? causeText(error)) : error,
    );
    if (error instanceof AssertionFailure) onBug(error);
  }
}
