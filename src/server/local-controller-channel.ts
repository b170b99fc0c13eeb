/**
 * The way to the controller in the same process. Every request goes through the codec and the controller's own handler
 * table, exactly as if it had come over the network: no shortcut that a cluster would not have.
 */
import {
  type ApiRow,
  CLOSE_CONNECTION,
  type HandlerTable,
  NO_RESPONSE,
  type RequestContext,
} from '../network/handler.ts';
import { decodeMessage, encodeMessage } from '../protocol/codec.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { encodeRequestFrame } from '../protocol/frames.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { Decoded, Encodable, Message } from '../protocol/schema.ts';

const FRAME_SIZE_BYTES = 4;

export class LocalControllerChannel {
  readonly #table: HandlerTable;
  readonly #listenerName: string;
  readonly #nodeId: number;
  #correlationId = 0;

  constructor(options: { readonly table: HandlerTable; readonly listenerName: string; readonly nodeId: number }) {
    this.#table = options.table;
    this.#listenerName = options.listenerName;
    this.#nodeId = options.nodeId;
  }

  async send<Req extends Message, Res extends Message>(
    request: Req,
    response: Res,
    version: number,
    value: Encodable<Req>,
  ): Promise<Decoded<Res>> {
    const row = this.#table.get(request.apiKey);
    if (!row) throw new KafkaError(ErrorCode.UNSUPPORTED_VERSION, `the controller does not answer ${request.name}`);
    const correlationId = this.#correlationId++;
    const header = { correlationId, clientId: String(this.#nodeId) };
    const frame = encodeRequestFrame(request, version, header, value).subarray(FRAME_SIZE_BYTES);
    const context = this.#context(request.apiKey, version, correlationId, frame);
    const answered = await answer(
      row,
      decodeMessage(request, version, encodeMessage(request, version, value)),
      context,
    );
    return decodeMessage(response, version, encodeMessage(row.response, version, answered)) as Decoded<Res>;
  }

  #context(apiKey: number, apiVersion: number, correlationId: number, frame: Buffer): RequestContext {
    return {
      apiKey,
      apiVersion,
      correlationId,
      clientId: String(this.#nodeId),
      connectionId: `local-${this.#nodeId}`,
      listenerName: this.#listenerName,
      clientAddress: '127.0.0.1',
      principal: { type: 'User', name: 'ANONYMOUS' },
      clientSoftwareName: 'kts',
      clientSoftwareVersion: 'local',
      frame,
      onConnectionClosed: () => () => {},
    };
  }
}

async function answer(row: ApiRow, request: unknown, context: RequestContext): Promise<unknown> {
  let result: unknown;
  try {
    result = await row.handle(request as never, context);
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    result = row.errorResponse(request as never, error.code, error.message, context);
  }
  if (result === NO_RESPONSE || result === CLOSE_CONNECTION) {
    throw new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, `the controller gave no answer to ${row.name}`);
  }
  return result;
}
